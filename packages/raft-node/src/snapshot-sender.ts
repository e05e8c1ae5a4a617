/**
 * Makes snapshots for followers that need one, and gives out their pieces. There is one at a time: a view of the machine, written
 * to a file while writes go on, and offered once it is there. It is forgotten once nobody is sent it.
 */
import { LatticeError } from "@lattice/model";
import type { LogIndex, Message, Raft, SnapshotMeta } from "@lattice/raft";
import type { Exclusive } from "./exclusive.ts";
import type { Life } from "./life.ts";
import { SILENT_TIMEOUTS_MAX, SNAPSHOT_RETRY_MS } from "./limits.ts";
import type { MonotonicClock } from "./monotonic-clock.ts";
import { writePieces } from "./piece-file.ts";
import type { SnapshotFile, SnapshotFiles } from "./snapshot-files.ts";
import type { StateMachine } from "./state-machine.ts";

export interface SnapshotSenderOptions {
  readonly machine: Pick<StateMachine<unknown>, "checkpoint" | "view">;
  readonly machineTurn: Exclusive;
  readonly files: SnapshotFiles;
  readonly clock: MonotonicClock;
  readonly chunkBytesMax: number;
  readonly electionTimeoutMs: number;
  readonly send: (message: Message) => void;
}

interface Offer {
  readonly life: Life;
  readonly snapshot: SnapshotMeta;
  readonly file: SnapshotFile;
}

type Chunk = Message & { readonly type: "snapshot" };

export class SnapshotSender {
  readonly #options: SnapshotSenderOptions;
  #offer: Offer | undefined;
  /** Of the one that is being made, once that is known. */
  #makingIndex: LogIndex | undefined;
  #making: Promise<void> | undefined;
  #notBeforeMs = -Infinity;

  constructor(options: SnapshotSenderOptions) {
    this.#options = options;
  }

  /** What stands behind this in the log is needed by whoever gets the snapshot. */
  get pinned(): LogIndex | undefined {
    return this.#offer?.snapshot.index ?? this.#makingIndex;
  }

  /** Something may have changed. */
  look(life: Life): void {
    const { raft } = life;
    if (this.#offer !== undefined && !this.#isUsed(raft)) this.#forget();
    if (!raft.wantsSnapshot || this.#making !== undefined) return;
    if (this.#options.clock.nowMs() < this.#notBeforeMs) return;
    this.#making = this.#make(life);
  }

  /** Of the followers who are sent one, gives up on those that say nothing any more. */
  tick(life: Life): void {
    const { clock, electionTimeoutMs } = this.#options;
    const sinceMs = clock.nowMs() - electionTimeoutMs * SILENT_TIMEOUTS_MAX;
    for (const [id, { outgoing, heardAtMs }] of life.raft.peers) {
      if (outgoing !== undefined && heardAtMs < sinceMs) life.input((raft) => raft.snapshotFailed(id));
    }
  }

  /** Puts the bytes in and sends it. */
  send(life: Life, chunk: Chunk): void {
    const offer = this.#offer;
    const { index, checksum } = chunk.snapshot;
    if (offer?.snapshot.index === index && offer.snapshot.checksum === checksum)
      void this.#read(offer, chunk);
    else life.input((raft) => raft.snapshotFailed(chunk.to));
  }

  /** Nothing is sent any more, and no file left. */
  async close(): Promise<void> {
    await this.#making;
    this.#forget();
  }

  /** Never rejects. */
  async #make(life: Life): Promise<void> {
    const { machine, machineTurn, files, clock } = this.#options;
    let file: SnapshotFile | undefined;
    try {
      const { view, membership } = await machineTurn.run(async () => {
        await machine.checkpoint();
        const made = machine.view();
        // Later the log may not say any more who was a member then.
        return { view: made, membership: life.raft.membershipAt(made.id.index) };
      });
      await using pieces = view;
      this.#makingIndex = pieces.id.index;
      file = await files.create(`out-${pieces.id.index}`);
      const size = await writePieces(file, pieces.pieces());
      this.#offered({ life, file, snapshot: { ...pieces.id, membership, ...size } });
    } catch {
      // Whoever needs it goes on asking.
      this.#notBeforeMs = clock.nowMs() + SNAPSHOT_RETRY_MS;
      await file?.remove().catch(() => undefined);
    } finally {
      this.#makingIndex = undefined;
      this.#making = undefined;
    }
  }

  #offered(offer: Offer): void {
    const { life, snapshot } = offer;
    this.#offer = offer;
    life.input((raft) => raft.offerSnapshot(snapshot));
  }

  #isUsed(raft: Raft): boolean {
    const { life, snapshot } = this.#offer!;
    if (life.raft !== raft || raft.role !== "leader") return false;
    for (const { outgoing } of raft.peers.values()) {
      if (outgoing?.snapshot.index === snapshot.index) return true;
    }
    return false;
  }

  #forget(): void {
    const offer = this.#offer;
    if (offer === undefined) return;
    this.#offer = undefined;
    offer.life.input((raft) => raft.offerSnapshot(undefined));
    void offer.file.remove().catch(() => undefined);
  }

  /** Never rejects. */
  async #read({ life, file }: Offer, chunk: Chunk): Promise<void> {
    try {
      const data = await file.read(chunk.offset, this.#options.chunkBytesMax);
      if (!life.isOver) this.#options.send({ ...chunk, data });
    } catch (error) {
      const isForgotten = this.#offer?.file !== file;
      if (!isForgotten && error instanceof LatticeError) this.#forget();
      life.input((raft) => raft.snapshotFailed(chunk.to));
    }
  }
}
