/** The bounds and times of a member. All members of a cluster have the same times. */
export interface RaftOptions {
  /** A follower that hears nothing for 1 to 2 times this holds an election (Raft §5.2). Times are in milliseconds of `tick`. */
  readonly electionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How long after its leader's connection broke a follower holds an election: a time between these. */
  readonly suspicionMs: readonly [from: number, to: number];
  /**
   * Reads without a message while a majority has lately answered. `driftMax`: by how much, as a part of 1, the clock of one
   * member may run faster than another's. Undefined: no leases. Unsafe where a machine can be frozen without its clock noticing.
   */
  readonly lease: { readonly driftMax: number } | undefined;
  /** Of the data of entries in one message; a single larger entry is sent by itself. */
  readonly messageBytesMax: number;
  readonly messageEntriesMax: number;
  /** The window of one follower. */
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  /** Past this much data that is not committed, proposals are refused. */
  readonly uncommittedBytesMax: number;
  /** Of a snapshot in one message. */
  readonly chunkBytesMax: number;
  /** Of the data of entries that one `Ready` gives to apply. */
  readonly applyBytesMax: number;
  /** Reads that wait at one member. */
  readonly readsMax: number;
}

export const defaultRaftOptions: RaftOptions = {
  electionTimeoutMs: 1000,
  heartbeatMs: 100,
  suspicionMs: [20, 120],
  lease: undefined,
  messageBytesMax: 1 << 20,
  messageEntriesMax: 4096,
  inflightMessagesMax: 256,
  inflightBytesMax: 8 << 20,
  uncommittedBytesMax: 64 << 20,
  chunkBytesMax: 256 << 10,
  applyBytesMax: 16 << 20,
  readsMax: 10_000,
};
