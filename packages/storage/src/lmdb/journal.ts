/**
 * The journal beside an LMDB file: what is durable and not merged yet. One write and one sync make a flush
 * durable, where a commit of LMDB needs two of each and a copy of every page it touches.
 *
 * The file is written from its beginning again after each merge. It grows in steps, filled with zeros, so
 * that a sync has but the frame to write and nothing of the file system.
 *
 * Invariants:
 * 1. Frames from the beginning up to `bytes` are whole and of `generation`, each chained to the one before.
 * 2. What follows them is not: it is zeros, of an earlier generation, or was never acknowledged.
 * 3. `generation` is one more than that of the last merge, which LMDB keeps. So a journal whose rows are
 *    all merged is not replayed, whenever the crash was.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { LatticeError } from "@lattice/model";
import { JOURNAL_STEP_BYTES } from "../limits.ts";
import { DataSync } from "./data-sync.ts";
import { toLatticeError } from "./fault.ts";
import {
  decodeHeader,
  decodeSections,
  encodeFrame,
  FIRST_CHAIN,
  isWhole,
  PAGE_BYTES,
  saltOf,
  type FrameHeader,
  type JournalSection,
} from "./journal-frame.ts";
import { syncDirectory } from "./sync-file.ts";

export interface JournalOptions {
  readonly path: string;
  readonly salt: Uint8Array;
  /** Of the last merge. */
  readonly mergedGeneration: number;
  /** Is given what the journal holds, in order. */
  readonly replay: (section: JournalSection) => void;
}

export class Journal {
  readonly #path: string;
  readonly #salt: number;
  readonly #fd: number;
  #generation: number;
  #chain = FIRST_CHAIN;
  #bytes = 0;
  readonly #sync: DataSync;
  #fileBytes: number;

  private constructor(options: JournalOptions) {
    this.#path = options.path;
    this.#salt = saltOf(options.salt);
    this.#generation = options.mergedGeneration + 1;
    this.#fd = openSync(options.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#sync = new DataSync(this.#fd);
    this.#fileBytes = fstatSync(this.#fd).size;
  }

  static open(options: JournalOptions): Journal {
    try {
      const journal = new Journal(options);
      try {
        if (journal.#fileBytes === 0) syncDirectory(dirname(options.path));
        else journal.#replay(options.replay);
        return journal;
      } catch (error) {
        journal.close();
        throw error;
      }
    } catch (error) {
      throw toLatticeError(error, { file: options.path });
    }
  }

  get generation(): number {
    return this.#generation;
  }

  /** Of the frames that count. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The sections are durable when this resolves. Not to be called again before. */
  async append(sections: readonly JournalSection[]): Promise<void> {
    const place = { salt: this.#salt, generation: this.#generation, chain: this.#chain };
    const { bytes, checksum } = encodeFrame(sections, place);
    const end = this.#bytes + bytes.length;
    try {
      writeAll(this.#fd, bytes, this.#bytes);
      if (end > this.#fileBytes) this.#grow(end);
      await this.#sync.run();
    } catch (error) {
      this.#invalidateTail();
      throw toLatticeError(error, { file: this.#path });
    }
    this.#bytes = end;
    this.#chain = checksum;
  }

  /** All that the journal holds is durable elsewhere, under its generation. */
  restart(): void {
    this.#generation += 1;
    this.#chain = FIRST_CHAIN;
    this.#bytes = 0;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Fills the file with zeros up to a step. If there is no room for that, the frame before it is written anyway. */
  #grow(end: number): void {
    this.#fileBytes = end;
    const step = Math.ceil(end / JOURNAL_STEP_BYTES) * JOURNAL_STEP_BYTES;
    try {
      writeAll(this.#fd, Buffer.alloc(step - end), end);
      this.#fileBytes = step;
    } catch {
      // The next frame finds out by itself.
    }
  }

  /** What was refused shall not come back after a crash. Not durable by itself, the disk has failed already. */
  #invalidateTail(): void {
    try {
      writeAll(this.#fd, Buffer.alloc(PAGE_BYTES), this.#bytes);
    } catch {
      // Then the frame is torn, or comes back as what a crash between writing and answering leaves.
    }
  }

  #replay(apply: (section: JournalSection) => void): void {
    const file = readFileSync(this.#path);
    this.#refuseNewer(file);
    for (let frame = this.#nextWhole(file); frame; frame = this.#nextWhole(file)) {
      for (const section of decodeSections(file.subarray(frame.start, frame.payloadEnd))) apply(section);
      this.#bytes = frame.end;
      this.#chain = frame.checksum;
    }
    this.#refuseDamage(file);
  }

  #nextWhole(file: Buffer): FrameHeader | undefined {
    const header = decodeHeader(file, this.#bytes);
    if (header?.generation !== this.#generation || header.chain !== this.#chain) return undefined;
    return isWhole(file, header, this.#salt) ? header : undefined;
  }

  /** As when one of the two files came from a backup. */
  #refuseNewer(file: Buffer): void {
    const first = decodeHeader(file, 0);
    if (first && first.generation > this.#generation && isWhole(file, first, this.#salt)) {
      throw new LatticeError("corrupt", `${this.#path} is newer than the file it belongs to`);
    }
  }

  /**
   * A frame that a crash has torn is the last one, since none is written before the one before it is on disk.
   * So if a whole one follows where the frames end, what is missing had been acknowledged.
   */
  #refuseDamage(file: Buffer): void {
    for (let at = this.#bytes + PAGE_BYTES; at < file.length; at += PAGE_BYTES) {
      const header = decodeHeader(file, at);
      if (header?.generation === this.#generation && isWhole(file, header, this.#salt)) {
        throw new LatticeError("corrupt", `${this.#path} is damaged at byte ${this.#bytes}`);
      }
    }
  }
}

export function removeJournal(path: string): void {
  rmSync(path, { force: true });
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
