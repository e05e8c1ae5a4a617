/**
 * A disk in memory that can lose power: of the write that was under way it has some sectors, or all bytes up to some
 * place; what was removed may be back; the next segment may have been made.
 */
import type { RandomNumber } from "@lattice/testkit";
import { SECTOR_BYTES, type LogDisk, type SegmentWrite } from "../src/index.ts";
import type { Files } from "./sample-log.ts";

export class SimulatedDisk implements LogDisk {
  readonly #files: Map<number, Uint8Array>;
  readonly #removed = new Map<number, Uint8Array>();
  readonly #random: RandomNumber;
  #underWay: SegmentWrite | undefined;
  #hasPower = true;

  constructor(files: Files, random: RandomNumber) {
    this.#files = new Map(files);
    this.#random = random;
  }

  async write(write: SegmentWrite): Promise<void> {
    this.#underWay = write;
    for (let turns = this.#random(3); turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve));
    if (!this.#hasPower) throw new Error("the power is gone");
    put(this.#files, write, write.bytes);
    this.#underWay = undefined;
  }

  async remove(segments: readonly number[]): Promise<void> {
    for (const number of segments) {
      this.#removed.set(number, this.#files.get(number)!);
      this.#files.delete(number);
    }
  }

  async close(): Promise<void> {}

  /** What the files are when power is back, and when it is not lost. */
  get files(): Files {
    return this.#files;
  }

  losePower(): Files {
    this.#hasPower = false;
    const files = new Map<number, Uint8Array>();
    for (const [number, bytes] of this.#files) files.set(number, new Uint8Array(bytes));
    for (const [number, bytes] of this.#removed) if (this.#random(2) === 0) files.set(number, bytes);
    const next = Math.max(0, ...files.keys()) + 1;
    if (this.#underWay) put(files, this.#underWay, this.#torn(this.#underWay.bytes));
    else if (this.#random(3) === 0) files.set(next, new Uint8Array(this.#random(5_000)));
    return files;
  }

  #torn(bytes: Uint8Array): Uint8Array {
    const left = new Uint8Array(bytes);
    if (this.#random(3) === 0) return left.fill(0, this.#random(bytes.length + 1));
    for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
      if (this.#random(2) === 0) left.fill(0, at, at + SECTOR_BYTES);
    }
    return left;
  }
}

function put(files: Map<number, Uint8Array>, write: SegmentWrite, bytes: Uint8Array): void {
  const { segment, segmentBytes, offset } = write;
  if (offset === 0) files.set(segment, new Uint8Array(segmentBytes));
  files.get(segment)!.set(bytes, offset);
}
