/**
 * Looks after the room that a member has, on its disk and by its quota, and raises the alarm where it runs out: from then on the
 * cluster takes nothing more, and says so. What the disk was short of ends by itself when there is room again; that the quota was
 * reached, somebody has to deal with and disarm, as with etcd.
 */
import { statfs } from "node:fs/promises";
import { DISK_RESERVE_BYTES, DISK_WATCH_MS } from "../limits.ts";
import type { StateSize } from "./state-size.ts";
import type { Log } from "./options.ts";

export interface RoomWatchOptions {
  readonly directory: string;
  readonly size: StateSize;
  /** Whether this member's alarm is on. */
  readonly isRaised: () => boolean;
  /** Asks the cluster for it. */
  readonly turn: (isOn: boolean) => Promise<unknown>;
  readonly log: Log;
  /** Free bytes below which the alarm is raised. */
  readonly reserveBytes?: number | undefined;
}

/** The alarm ends only when there is so many times as much as the reserve. */
const ENOUGH = 2;

export class RoomWatch {
  readonly #options: RoomWatchOptions;
  readonly #reserveBytes: number;
  readonly #timer: NodeJS.Timeout;
  /** The alarm is on for lack of room on the disk, and for nothing else, as far as is known. */
  #isDiskShort: boolean;
  #isTurning = false;

  constructor(options: RoomWatchOptions) {
    this.#options = options;
    this.#reserveBytes = options.reserveBytes ?? DISK_RESERVE_BYTES;
    // What it was raised for before the member stopped is not known; what the quota has room for it was the disk.
    this.#isDiskShort = options.isRaised() && !options.size.isExceeded;
    this.#timer = setInterval(() => void this.look(), DISK_WATCH_MS);
    this.#timer.unref();
  }

  /** The state has no room by its quota. */
  exceeded(): void {
    this.#isDiskShort = false;
    void this.#turn(true, "the state has reached its quota: compact, then defragment, then disarm the alarm");
  }

  async look(): Promise<void> {
    const { directory, size, isRaised } = this.#options;
    size.measure();
    const free = await freeBytes(directory);
    if (free === undefined) return;
    if (!isRaised()) this.#isDiskShort = false;
    if (free < this.#reserveBytes) {
      if (isRaised()) return;
      this.#isDiskShort = true;
      await this.#turn(
        true,
        `the disk of ${directory} has ${free} bytes left: nothing more is taken until there is room`,
      );
      return;
    }
    const mayEnd = isRaised() && this.#isDiskShort && !size.isExceeded && free > ENOUGH * this.#reserveBytes;
    if (mayEnd) await this.#turn(false, `the disk of ${directory} has room again`);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #turn(isOn: boolean, why: string): Promise<void> {
    const { isRaised, turn, log } = this.#options;
    if (this.#isTurning || isRaised() === isOn) return;
    this.#isTurning = true;
    log("warn", why);
    // Where it fails, the next look tries again.
    await turn(isOn).catch(() => {});
    this.#isTurning = false;
  }
}

/** Undefined where the system does not tell. */
async function freeBytes(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
