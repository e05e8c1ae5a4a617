/** `lattice COMMAND …`. A stream runs until a signal, which is then its good end. */
import { runWords } from "../run-line.ts";
import type { Session } from "../session.ts";
import { stopOnSignal } from "../signals.ts";
import type { World } from "../world.ts";

export async function runOneShot(world: World, session: Session, words: readonly string[]): Promise<number> {
  using stopping = stopOnSignal(world);
  await runWords(session, words, stopping.signal);
  return 0;
}
