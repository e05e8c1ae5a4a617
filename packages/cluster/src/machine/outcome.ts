import type { EtcdError } from "@lattice/etcd-proto";

/** What became of a request: the message that answers it, without its header, or why it was refused. */
export type Outcome = Done | EtcdError;

export interface Done {
  /** Of the key space, right after it. */
  readonly revision: number;
  /** One of etcd's messages; which, the kind of the request says. */
  readonly response: object;
}
