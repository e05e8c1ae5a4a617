/**
 * Takes in a snapshot from the leader: pieces into a file, each durable before it is acknowledged; then, once all are there, their state
 * beside the present one, and in its place when the log says so. What a crash in between leaves, `settleStaged` finishes.
 */
import { LatticeError } from "@lattice/model";
import {
  NO_INDEX,
  type PersistentChange,
  type Persisted,
  type ReceivedChunk,
  type SnapshotMeta,
} from "@lattice/raft";
import type { Exclusive } from "./exclusive.ts";
import { readPieces } from "./piece-file.ts";
import type { SnapshotFile, SnapshotFiles } from "./snapshot-files.ts";
import type { StateMachine } from "./state-machine.ts";
import type { WriteSteps } from "./write-queue.ts";

export interface SnapshotReceiverOptions {
  readonly machine: Pick<StateMachine<unknown>, "stage" | "adopt">;
  readonly machineTurn: Exclusive;
  readonly files: SnapshotFiles;
  /** The machine's state is that of the snapshot. */
  readonly adopted: (snapshot: SnapshotMeta) => void;
}

export class SnapshotReceiver implements WriteSteps {
  readonly #options: SnapshotReceiverOptions;
  #file: SnapshotFile | undefined;

  constructor(options: SnapshotReceiverOptions) {
    this.#options = options;
  }

  readonly keep = async ({ chunks }: PersistentChange): Promise<void> => {
    for (const chunk of chunks) await this.#keep(chunk);
    await this.#file?.sync();
  };

  readonly stage = async ({ install }: PersistentChange): Promise<void> => {
    const { machine, machineTurn } = this.#options;
    const { index, term, ...size } = install!;
    const file = this.#file;
    if (file === undefined) throw new LatticeError("internal", `nothing of snapshot ${index} is there`);
    try {
      await machineTurn.run(() => machine.stage({ index, term }, readPieces(file, size)));
    } catch (error) {
      const known = LatticeError.from(error);
      throw known.code === "corrupt" ? damagedOnItsWay(known) : known;
    }
  };

  readonly adopt = async ({ install }: PersistentChange): Promise<void> => {
    const { machine, machineTurn, adopted } = this.#options;
    await machineTurn.run(() => machine.adopt());
    await this.forget();
    adopted(install!);
  };

  /** What has come so far is of no use any more. */
  async forget(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.remove().catch(() => undefined);
  }

  async #keep({ snapshot, offset, data }: ReceivedChunk): Promise<void> {
    if (offset === 0) {
      await this.forget();
      this.#file = await this.#options.files.create(`in-${snapshot.index}`);
    }
    await this.#file?.write(data, offset);
  }
}

/** It can be asked for again; see `isDamagedOnItsWay`. */
function damagedOnItsWay(cause: LatticeError): LatticeError {
  return new LatticeError("corrupt", cause.message, { details: { ...cause.details, on: "its way" }, cause });
}

/** Nothing of this member's own is damaged. */
export function isDamagedOnItsWay({ code, details }: LatticeError): boolean {
  return code === "corrupt" && details["on"] === "its way";
}

/**
 * After a crash: what is staged is adopted where the log goes on behind it, and dropped where the log knows nothing of it. Rejects with
 * `corrupt` where the state and the log do not go together.
 */
export async function settleStaged(
  machine: Pick<StateMachine<unknown>, "applied" | "stagedId" | "adopt" | "unstage">,
  { snapshot, base, entries }: Persisted,
): Promise<void> {
  const staged = machine.stagedId;
  const from = snapshot?.index ?? NO_INDEX;
  if (staged !== undefined) {
    const isWanted = staged.index === from && staged.term === snapshot?.term && machine.applied.index < from;
    await (isWanted ? machine.adopt() : machine.unstage());
  }
  const last = base.index + entries.length;
  const { index } = machine.applied;
  if (index >= from && index <= last) return;
  const what =
    index < from
      ? `the state is that of entry ${index}, and the log begins behind entry ${from}`
      : `the state is that of entry ${index}, and the log ends at entry ${last}`;
  throw new LatticeError("corrupt", `${what}: a part of this member's data is gone or from another time`);
}
