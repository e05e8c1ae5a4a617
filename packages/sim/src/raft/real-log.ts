/**
 * A member's log as bytes: written and recovered by the code that ships, over files that lose at a crash any of the sectors
 * that were under way, or all bytes behind some place.
 */
import { LogWriter, recoverLog, SECTOR_BYTES, type SegmentWrite } from "@lattice/raft-log";
import { sameMembership, type Entry, type Persisted, type RaftWrite } from "@lattice/raft";
import type { Prng } from "../prng.ts";
import { Violation } from "../violation.ts";
import type { DiskLog } from "./disk-log.ts";
import type { DiskWrite } from "./raft-disk.ts";

/** Small, so that a log has several segments. */
const SEGMENT_BYTES = 16 * SECTOR_BYTES;

export class RealLog implements DiskLog {
  readonly #segments = new Map<number, Uint8Array>();
  #writer = new LogWriter(recoverLog([]).end, { segmentBytes: SEGMENT_BYTES });
  #snapshotIndex = 0;
  #underWay: SegmentWrite | undefined;
  #countUnderWay = 0;

  write(writes: readonly DiskWrite[]): void {
    for (const write of writes) {
      const change = this.#changeOf(write);
      if (change !== undefined) this.#writer.add(change);
    }
    this.#underWay = this.#writer.take();
    this.#countUnderWay = writes.length;
  }

  synced(): void {
    const write = this.#underWay;
    this.#underWay = undefined;
    this.#countUnderWay = 0;
    if (write === undefined) return;
    this.#segmentOf(write).set(write.bytes, write.offset);
    for (const segment of write.removable) this.#segments.delete(segment);
  }

  crash(random: Prng): number {
    const write = this.#underWay;
    const count = this.#countUnderWay;
    this.#underWay = undefined;
    this.#countUnderWay = 0;
    if (write === undefined) return random.chance(0.5) ? count : 0;
    return this.#tear(write, random) ? count : 0;
  }

  /** `model`: what has to be there. Throws `corrupt`, or that it is something else. */
  recover(model: Persisted): Persisted {
    const segments = [...this.#segments].map(([number, bytes]) => ({ number, bytes }));
    const { persisted, end, removable } = recoverLog(segments);
    const difference = differenceBetween(persisted, model);
    if (difference !== undefined)
      throw new Violation("recovery", `the log read back has another ${difference}`);
    for (const segment of removable) this.#segments.delete(segment);
    this.#writer = new LogWriter(end, { segmentBytes: SEGMENT_BYTES });
    this.#snapshotIndex = persisted.snapshot?.index ?? 0;
    return persisted;
  }

  rot(random: Prng): boolean {
    if (this.#segments.size === 0) return false;
    const bytes = random.pick([...this.#segments.values()]);
    const written = bytes.findLastIndex((byte) => byte !== 0) + 1;
    if (written === 0) return false;
    bytes[random.below(written)]! ^= 1 << random.below(8);
    return true;
  }

  #changeOf({ hardState, entries, install, taken }: DiskWrite): RaftWrite | undefined {
    if (taken !== undefined) {
      // A newer one came from the leader meanwhile.
      if (taken.snapshot.index <= this.#snapshotIndex) return undefined;
      this.#snapshotIndex = taken.snapshot.index;
      return { snapshot: taken.snapshot, compactTo: taken.base };
    }
    if (install !== undefined) this.#snapshotIndex = install.index;
    const isNothing = hardState === undefined && install === undefined && (entries ?? []).length === 0;
    if (isNothing) return undefined;
    return {
      ...(hardState !== undefined && { hardState }),
      ...(install !== undefined && { snapshot: install }),
      ...(entries !== undefined && { entries }),
    };
  }

  #segmentOf({ segment, segmentBytes }: SegmentWrite): Uint8Array {
    const known = this.#segments.get(segment);
    if (known !== undefined) return known;
    const zeros = new Uint8Array(segmentBytes);
    this.#segments.set(segment, zeros);
    return zeros;
  }

  /** Says whether all of it is there nevertheless. */
  #tear(write: SegmentWrite, random: Prng): boolean {
    const { bytes, offset } = write;
    const file = this.#segmentOf(write);
    if (random.chance(0.3)) {
      const end = random.below(bytes.length + 1);
      file.set(bytes.subarray(0, end), offset);
      // Bytes that are zeros by themselves are not missing.
      return bytes.subarray(end).every((byte) => byte === 0);
    }
    let isWhole = true;
    const keeps = random.unit();
    for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
      if (random.chance(keeps)) file.set(bytes.subarray(at, at + SECTOR_BYTES), offset + at);
      else isWhole = false;
    }
    return isWhole;
  }
}

/** The first thing that is not the same, in a word. */
function differenceBetween(a: Persisted, b: Persisted): string | undefined {
  const [h, m] = [a.hardState, b.hardState];
  if (h.term !== m.term || h.vote !== m.vote || h.commit !== m.commit) return "hard state";
  if (a.snapshot?.index !== b.snapshot?.index || a.snapshot?.term !== b.snapshot?.term) return "snapshot";
  if (a.base.index !== b.base.index || a.base.term !== b.base.term) return "base";
  if (a.entries.length !== b.entries.length) return "end";
  const at = a.entries.findIndex((entry, index) => !isSameEntry(entry, b.entries[index]!));
  return at < 0 ? undefined : `entry ${a.entries[at]!.index}`;
}

function isSameEntry(a: Entry, b: Entry): boolean {
  if (a.index !== b.index || a.term !== b.term || a.kind !== b.kind) return false;
  if (a.membership === undefined || b.membership === undefined) return Buffer.compare(a.data, b.data) === 0;
  return sameMembership(a.membership, b.membership);
}
