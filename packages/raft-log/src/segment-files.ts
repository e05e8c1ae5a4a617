/**
 * Segments as files of a directory.
 *
 *  1. A segment is made as zeros and they are synced, and then the directory, before anything of the log goes into it. So
 *     a write to it changes nothing of the file system, and syncing it costs half of what it would for a file that grows.
 *  2. The next segment is made while this one is written to, from its middle on.
 *  3. Nothing is written over, and no file is used again: what a file had before can never be taken for the log.
 */
import {
  close,
  closeSync,
  constants,
  fdatasync,
  fsyncSync,
  open,
  openSync,
  readdirSync,
  readFileSync,
  unlink,
  write,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DataSync } from "./data-sync.ts";
import { toLatticeError } from "./fault.ts";
import type { SegmentWrite } from "./log-writer.ts";
import type { LogDisk } from "./raft-log.ts";
import type { SegmentBytes } from "./recover-log.ts";

const NAME = /^(\d{10,})\.raft$/;
/** Zeros are written and synced in such pieces, so that a write to the log in between need not wait for long. */
const ZEROS = new Uint8Array(1 << 20);
/** A write of up to this goes to the page cache in less time than another thread takes to wake. */
const IN_PLACE_BYTES_MAX = 64 << 10;

const openFile = promisify(open);
const closeFile = promisify(close);
const writeFile = promisify(write);
const syncFile = promisify(fdatasync);
const unlinkFile = promisify(unlink);

interface Segment {
  readonly number: number;
  readonly fd: number;
  readonly bytes: number;
}

export interface SegmentFilesOptions {
  readonly directory: string;
  /** Of segments that are made ahead. */
  readonly segmentBytes: number;
  /** The segment in which the log ends; 0 where there is none. */
  readonly current: { readonly segment: number; readonly segmentBytes: number };
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, segmentName(number));
}

function segmentName(number: number): string {
  return `${String(number).padStart(10, "0")}.raft`;
}

/** What there is; a file is read when its bytes are asked for. */
export function listSegments(directory: string): SegmentBytes[] {
  const numbers = readdirSync(directory).flatMap((name) => {
    const number = Number(NAME.exec(name)?.[1] ?? Number.NaN);
    return name === segmentName(number) ? [number] : [];
  });
  return numbers.map((number) => ({
    number,
    get bytes() {
      return readFileSync(segmentPath(directory, number));
    },
  }));
}

export class SegmentFiles implements LogDisk {
  readonly #options: SegmentFilesOptions;
  readonly #sync = new DataSync();
  #current: Segment | undefined;
  /** The segment behind the current one; undefined where there was a fault, which whoever needs it will meet. */
  #next: Promise<Segment | undefined> | undefined;

  constructor(options: SegmentFilesOptions) {
    this.#options = options;
    const { segment, segmentBytes } = options.current;
    if (segment === 0) return;
    const fd = openSync(segmentPath(options.directory, segment), constants.O_RDWR);
    this.#current = { number: segment, fd, bytes: segmentBytes };
  }

  async write(to: SegmentWrite, { isAlone }: { readonly isAlone: boolean }): Promise<void> {
    const { bytes, offset } = to;
    try {
      const { fd } = to.offset === 0 ? await this.#begin(to) : this.#current!;
      const isSmall = bytes.length <= IN_PLACE_BYTES_MAX;
      if (isSmall) writeAllSync(fd, bytes, offset);
      else await writeAll(fd, bytes, offset);
      await this.#sync.run(fd, { mayBlock: isAlone && isSmall });
    } catch (error) {
      throw toLatticeError(error, this.#path(to.segment));
    }
    if (offset + bytes.length > to.segmentBytes / 2) this.#next ??= this.#prepare(to.segment + 1);
  }

  async remove(segments: readonly number[]): Promise<void> {
    try {
      await this.removeNow(segments);
    } catch {
      // What is left takes room and no more; the next who opens the log removes it.
    }
  }

  /** They are gone for good when this resolves. */
  async removeNow(segments: readonly number[]): Promise<void> {
    if (segments.length === 0) return;
    for (const number of segments) await unlinkFile(this.#path(number));
    syncDirectory(this.#options.directory);
  }

  async close(): Promise<void> {
    const next = await this.#next;
    this.#next = undefined;
    if (next) await closeFile(next.fd);
    if (this.#current) await closeFile(this.#current.fd);
    this.#current = undefined;
  }

  async #begin({ segment, segmentBytes }: SegmentWrite): Promise<Segment> {
    let next = await this.#next;
    this.#next = undefined;
    next ??= await this.#make(segment, segmentBytes);
    if (next.bytes < segmentBytes) await this.#fill(next.fd, next.bytes, segmentBytes);
    const before = this.#current;
    this.#current = { number: segment, fd: next.fd, bytes: segmentBytes };
    if (before) await closeFile(before.fd);
    return this.#current;
  }

  /** Never rejects. */
  async #prepare(number: number): Promise<Segment | undefined> {
    try {
      return await this.#make(number, this.#options.segmentBytes);
    } catch {
      return undefined;
    }
  }

  async #make(number: number, bytes: number): Promise<Segment> {
    const path = this.#path(number);
    const fd = await openFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await this.#fill(fd, 0, bytes);
      syncDirectory(this.#options.directory);
      return { number, fd, bytes };
    } catch (error) {
      // Half a segment takes room that others may need. If it cannot be removed, what went wrong is still the first thing.
      await Promise.allSettled([closeFile(fd), unlinkFile(path)]);
      throw error;
    }
  }

  async #fill(fd: number, start: number, end: number): Promise<void> {
    for (let at = start; at < end; at += ZEROS.length) {
      await writeAll(fd, ZEROS.subarray(0, Math.min(ZEROS.length, end - at)), at);
      // The length of the file as well, without which it could not be read.
      await syncFile(fd);
    }
  }

  #path(number: number): string {
    return segmentPath(this.#options.directory, number);
  }
}

/** Files that were made or removed in the directory are so after a crash. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function writeAll(fd: number, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await writeFile(fd, bytes, done, bytes.length - done, offset + done)).bytesWritten;
  }
}

function writeAllSync(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
  }
}
