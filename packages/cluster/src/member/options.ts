/** What a member is told when it is started. */
import type { TlsOptions } from "@lattice/grpc-front";
import type { PeerCredentials } from "@lattice/raft-net";
import type { StoreType } from "@lattice/store";

export interface ClientEndpoint {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
  /** `http://HOST:PORT` under which clients find it, where that is another. */
  readonly advertise?: readonly string[] | undefined;
}

export interface PeerEndpoint {
  readonly host: string;
  readonly port: number;
  readonly tls?: PeerCredentials | undefined;
  /** `HOST:PORT` or an URL under which other members find it, where that is another. */
  readonly advertise?: string | undefined;
}

/** The members of a cluster that begins: all are started with the same. */
export interface InitialCluster {
  /** Names, and `HOST:PORT` or an URL at which they listen for each other. */
  readonly members: Readonly<Record<string, string>>;
  /** Tells clusters apart that have the same addresses one after the other. */
  readonly token?: string | undefined;
}

export type LogLevel = "info" | "warn" | "error";
export type Log = (level: LogLevel, text: string) => void;

export interface ClusterMemberOptions {
  readonly name: string;
  /** Made if there is none. */
  readonly dataDirectory: string;
  readonly client: ClientEndpoint;
  readonly peer: PeerEndpoint;
  /** Where the directory is new, one of these two; where it is not, they are compared with what it says. */
  readonly initial?: InitialCluster | undefined;
  /** Addresses of members of a cluster that this one was added to. */
  readonly join?: readonly string[] | undefined;
  /** Entries after which the log is cut off. */
  readonly snapshotCount?: number | undefined;
  /** Entries that are kept in front of that, for members that are a little behind. */
  readonly tailCount?: number | undefined;
  readonly quotaBytes?: number | undefined;
  /** Types of stores that the cluster may hold beside its keys: the same, by the same code, at all members. */
  readonly storeTypes?: readonly StoreType[] | undefined;
  /** Stores that are made where they are not there: their types by their names. */
  readonly stores?: Readonly<Record<string, string>> | undefined;
  readonly electionTimeoutMs?: number | undefined;
  readonly heartbeatMs?: number | undefined;
  /** Base-2 logarithm of what hashing a user's password costs; etcd's `--bcrypt-cost`. Passwords that were set before keep theirs. */
  readonly passwordCost?: number | undefined;
  /** `native` is over node:http2. */
  readonly frontKind?: "own" | "native" | undefined;
  readonly log?: Log | undefined;
}
