/** What happens to a simulated cluster from outside. Members are named by their place, from 0 on; those that join later too. */

/** In the place of a member: the one that leads then, if one does. */
export const LEADER = -1;
/** All that take themselves for the leader then. */
export const LEADING = -2;

export type RaftAction = { readonly atMs: number } & (
  | { readonly kind: "write"; readonly member: number; readonly count: number; readonly bytes: number }
  | { readonly kind: "read"; readonly member: number }
  | {
      readonly kind: "crash";
      readonly member: number;
      readonly forMs: number;
      readonly connectionsBreak: boolean;
    }
  | { readonly kind: "pause"; readonly member: number; readonly forMs: number }
  | { readonly kind: "clock-rate"; readonly member: number; readonly rate: number }
  | {
      readonly kind: "disk";
      readonly member: number;
      readonly fault: "slow" | "full" | "failing";
      readonly forMs: number;
    }
  | { readonly kind: "rot"; readonly member: number; readonly forMs: number }
  | {
      readonly kind: "partition";
      /** For each member the side that it is on; members of different sides do not hear each other. */
      readonly sides: readonly number[];
      /** One-way: what goes from a lower to a higher side comes through. */
      readonly isOneWay: boolean;
      /** Hears and reaches both sides. */
      readonly bridge: number | undefined;
      readonly flaps: number;
      readonly forMs: number;
    }
  | {
      readonly kind: "isolate";
      readonly member: number;
      /** How many others are cut off along with it. */
      readonly companions: number;
      /** What is lost: what they send to the others (`out`), what these send to them (`in`), or both. */
      readonly way: "in" | "out" | "both";
      readonly forMs: number;
    }
  /** Two do not hear each other; everybody else hears both. */
  | { readonly kind: "estrange"; readonly member: number; readonly other: number; readonly forMs: number }
  | { readonly kind: "weather"; readonly weather: Weather; readonly forMs: number }
  | { readonly kind: "transfer"; readonly to: number }
  | { readonly kind: "change"; readonly changes: readonly Change[] }
  | { readonly kind: "snapshot"; readonly member: number }
  | { readonly kind: "campaign"; readonly member: number }
);

/** An action without its time. */
export type Draft = RaftAction extends infer A ? (A extends RaftAction ? Omit<A, "atMs"> : never) : never;

export interface Change {
  readonly kind: "add-voter" | "add-learner" | "remove";
  readonly member: number;
}

export interface Weather {
  readonly latencyMs: number;
  /** What comes on top, at the most; it makes messages overtake each other. */
  readonly jitterMs: number;
  readonly loss: number;
  readonly duplication: number;
}

export interface RaftPlan {
  readonly seed: string;
  readonly memberCount: number;
  /** Members that begin; the others may join. */
  readonly voterCount: number;
  readonly untilMs: number;
  readonly settings: RaftSettings;
  readonly weather: Weather;
  readonly actions: readonly RaftAction[];
}

export interface RaftSettings {
  readonly electionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly tickMs: number;
  /** Of reads without a message; 0: none. */
  readonly leaseDrift: number;
  readonly snapshotEvery: number;
  /** Entries in front of a snapshot that stay. */
  readonly tailCount: number;
  readonly snapshotBytes: number;
  readonly chunkBytes: number;
  readonly messageBytesMax: number;
  readonly messageEntriesMax: number;
  readonly inflightMessagesMax: number;
  readonly uncommittedBytesMax: number;
  readonly diskMs: number;
  /** The log as bytes, written and recovered by the code that ships. Slower than a model of it. */
  readonly isLogReal: boolean;
  /** The state machine keeps what it applied, beside snapshots. */
  readonly isStateDurable: boolean;
}
