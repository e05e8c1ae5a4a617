/** What etcd answered to the probes, for machines on which it is not installed. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Transcript } from "./transcript.ts";

const FILE = join(import.meta.dirname, "recorded/etcd-3.4.json");

export interface Recorded {
  /** What the program said of itself. */
  readonly version: string;
  readonly transcripts: Readonly<Record<string, Transcript>>;
}

export function readRecorded(): Recorded {
  return JSON.parse(readFileSync(FILE, "utf8")) as Recorded;
}

export function writeRecorded(recorded: Recorded): void {
  writeFileSync(FILE, `${JSON.stringify(recorded, undefined, 1)}\n`);
}
