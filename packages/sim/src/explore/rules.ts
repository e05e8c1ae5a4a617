/**
 * What the members live on: a disk and a network. These are the honest ones; a test explores with others, to see that what
 * they break is found.
 */
import { afterWrite, type Message, type Persisted, type RaftWrite } from "@lattice/raft";

export interface Rules {
  /** What is on the disk after a write. */
  readonly write: (disk: Persisted, write: RaftWrite) => Persisted;
  /** What a member finds on its disk when it starts again. */
  readonly recover: (disk: Persisted) => Persisted;
  /** What a member hears of a message. */
  readonly hear: (message: Message) => Message;
}

export const honestRules: Rules = {
  write: afterWrite,
  recover: (disk) => disk,
  hear: (message) => message,
};
