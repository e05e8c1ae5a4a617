/** A process is killed while it writes; what it said is durable is there when the log is opened again. */
import { expect, it } from "vitest";
import { openRaftLog } from "../src/index.ts";
import { entry } from "./sample-log.ts";
import { startChild } from "./child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const LIVES = 6;

it("has what was told to be durable after every kill", async () => {
  const directory = temporaryDirectory();
  for (let life = 1; life <= LIVES; life++) {
    const [term, last] = await lastTold(directory, life * 150);
    const log = await openRaftLog({ directory });
    const { hardState, base, entries } = log.persisted;
    expect(hardState.term).toBeGreaterThanOrEqual(term);
    // A later term may have replaced the last few.
    if (hardState.term === term) expect(base.index + entries.length).toBeGreaterThanOrEqual(last);
    for (const [at, found] of entries.entries()) {
      expect(found.index).toBe(base.index + 1 + at);
      expect(found.data).toEqual(entry(found.index, found.term, found.data.length).data);
    }
    await log.close();
  }
});

/** What the program told last before it was killed, after so many lines. */
async function lastTold(directory: string, lines: number): Promise<[term: number, last: number]> {
  const child = startChild({ program: "crash.program.ts", args: [directory] });
  let told = "";
  let count = 0;
  for await (const line of child.lines) {
    told = line;
    if (++count === lines) child.process.kill("SIGKILL");
  }
  const { how, errors } = await child.ended;
  expect(how, errors).toBe("SIGKILL");
  const [term, last] = told.split(" ").map(Number);
  return [term!, last!];
}
