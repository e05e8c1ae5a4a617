/** Many writers at once, until a node is killed or they have written enough. */
import { CrashFault } from "./fault.ts";
import type { KeyValues } from "./key-values.ts";
import type { KillSwitch } from "./kill-switch.ts";
import type { World } from "./world.ts";
import type { Change, Writer } from "./writer.ts";

export interface LoadOptions {
  readonly writers: readonly Writer[];
  readonly values: KeyValues;
  readonly next: (writer: Writer) => Change;
  /** Without one the load ends when it is done. */
  readonly kill?: KillSwitch;
  /** Writes of all together. */
  readonly count?: number;
  /** The code of an error with which the node may say that it has not written; then that writer stops. */
  readonly refusal?: string;
}

/** Resolves when all have stopped, to how often was refused; what has no answer then is pending at its writer. */
export async function write(options: LoadOptions): Promise<number> {
  const { writers, values, next, kill, refusal, count = Infinity } = options;
  let left = count;
  let refusals = 0;
  const run = async (writer: Writer): Promise<undefined> => {
    while (kill?.isFired !== true && left > 0) {
      left -= 1;
      const change = next(writer);
      writer.begin(change);
      try {
        writer.acknowledge(await values.write(change));
      } catch (error) {
        if (refusal === undefined || (error as { code?: string }).code !== refusal)
          return expectKilled(error, kill);
        writer.refused();
        refusals += 1;
        return undefined;
      }
      kill?.answered();
    }
    return undefined;
  };
  await Promise.all(writers.map(run));
  return refusals;
}

/** One write more of each, which must succeed: the node is as good as new. */
export async function writeOnce(options: Omit<LoadOptions, "kill" | "count">): Promise<void> {
  await write({ ...options, count: options.writers.length });
}

/** What calls say that were under way when a node was killed. */
const CUT_OFF: ReadonlySet<string> = new Set(["unavailable", "closed"]);

/** Throws where something else has failed. */
export function expectKilled(error: unknown, kill: KillSwitch | undefined): undefined {
  const { code = "", message } = error as { code?: string; message: string };
  if (kill?.isFired === true && CUT_OFF.has(code)) return undefined;
  throw error instanceof CrashFault ? error : new CrashFault("a call has failed", [`${code}: ${message}`]);
}

/** Short and long: up to what makes the storage merge at once. */
export function drawText(world: World): string {
  const word = world.below(2 ** 32).toString(36);
  const count = world.oneOf([1, 2, 8, 30]);
  if (world.chance(2)) return word.repeat(2_000 + world.below(8_000));
  return word.repeat(world.chance(0.2) ? 50_000 : count);
}

/** A counter on a key that is always changed, or a key of its own. */
export function nextPut(world: World, writer: Writer): Change {
  const at = writer.begunCount;
  const key = at % 3 === 2 ? `${writer.prefix}changed` : `${writer.prefix}${at}`;
  return new Map([[key, `${at} ${drawText(world)}`]]);
}
