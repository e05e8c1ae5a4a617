/**
 * Writes to the log in a directory until it is killed, and says what is durable: of each write that resolved, the last index
 * and the term. Several wait at a time; segments are small and old ones are removed, so that all of it is under way when the
 * end comes. Every now and then a new term replaces the end of the log.
 */
import { writeSync } from "node:fs";
import type { RaftWrite } from "@lattice/raft";
import { openRaftLog } from "../src/index.ts";
import { entries, hardState, id, snapshot } from "./sample-log.ts";

const log = await openRaftLog({ directory: process.argv[2]!, segmentBytes: 16 << 10 });
const { hardState: before, base, entries: found } = log.persisted;
let last = base.index + found.length;
let term = before.term + 1;
/** The term of each entry that a snapshot may stand at. */
const terms = new Map(found.map((entry) => [entry.index as number, entry.term as number]));

function nextWrite(number: number): RaftWrite {
  if (number % 7 === 0) term += 1;
  // In front of the last few, all is taken to be committed.
  const first = number % 7 === 0 ? Math.max(base.index + 1, last - 2) : last + 1;
  last = first + (number % 5);
  for (let index = first; index <= last; index++) terms.set(index, term);
  const write: RaftWrite = {
    hardState: hardState(term, 1)!,
    entries: entries(first, last, term, 5 + (number % 900)),
  };
  const at = last - 40;
  if (number % 10 !== 0 || !terms.has(at)) return write;
  return { ...write, snapshot: snapshot(at, terms.get(at)!), compactTo: id(at, terms.get(at)!) };
}

let number = 0;
async function writeForEver(): Promise<never> {
  for (;;) {
    number += 1;
    const write = nextWrite(number);
    const told = `${term} ${last}\n`;
    await log.write(write);
    writeSync(1, told);
  }
}

await Promise.all([writeForEver(), writeForEver(), writeForEver()]);
