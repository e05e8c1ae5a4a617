/**
 * How a connection begins. Whoever opens it says hello, and says nothing more until the other side has answered; it may be
 * refused later, too, when it is removed.
 *
 *   hello    [preface, version, cluster, from, to, lane]   cluster and to are 0, as from is, where somebody wants to introduce himself
 *   welcome  [version, cluster, member]
 *   refusal  [version, cluster, member, why, as of, text]
 *
 * Invariant: `from` of what comes over a connection, and `to`, are those of its hello, whatever is in it.
 */
import { LatticeError } from "@lattice/model";
import {
  logIndex,
  memberId,
  NOBODY,
  type LogIndex,
  type MemberId,
  type PackReader,
  type PackWriter,
} from "@lattice/raft";
import { idText } from "./errors.ts";
import type { ClusterId } from "./peer-network.ts";

/** Of the protocol between members. Another one is another program's. */
export const VERSION = 1;
const PREFACE = Buffer.from("lattice raft");
const TEXT_BYTES_MAX = 1024;

/** What a connection is for. */
export const Lane = {
  /** Messages and calls. */
  STREAM: 0,
  /** Pieces of snapshots. */
  BULK: 1,
  /** Calls of open methods, by who is no member. */
  INTRODUCTION: 2,
} as const;
export type Lane = (typeof Lane)[keyof typeof Lane];

export interface Hello {
  readonly version: number;
  readonly cluster: ClusterId;
  readonly from: MemberId;
  readonly to: MemberId;
  readonly lane: Lane;
}

export interface Welcome {
  readonly version: number;
  readonly cluster: ClusterId;
  readonly member: MemberId;
}

export const Why = { VERSION: 0, CLUSTER: 1, MEMBER: 2, NOT_A_MEMBER: 3, BUSY: 4 } as const;
export type Why = (typeof Why)[keyof typeof Why];

export interface RefusalNote extends Welcome {
  readonly why: Why;
  /** The entry of the log by which whoever refuses knows the members. */
  readonly asOf: LogIndex;
  readonly text: string;
}

export function writeHello(to: PackWriter, hello: Hello): void {
  to.array(6);
  to.bin(PREFACE);
  to.uint(hello.version);
  to.uint(hello.cluster);
  to.uint(hello.from);
  to.uint(hello.to);
  to.uint(hello.lane);
}

/** Throws `corrupt`. */
export function readHello(from: PackReader): Hello {
  from.array(6);
  if (Buffer.compare(from.bin(), PREFACE) !== 0) throw new LatticeError("corrupt", "no hello of a member");
  const version = from.uint();
  const cluster = from.uint();
  const sender = memberId(from.uint());
  const receiver = memberId(from.uint());
  const lane = from.uint();
  if (lane > Lane.INTRODUCTION) throw new LatticeError("corrupt", `a lane that there is not, ${lane}`);
  return { version, cluster, from: sender, to: receiver, lane: lane as Lane };
}

export function writeWelcome(to: PackWriter, { version, cluster, member }: Welcome): void {
  to.array(3);
  to.uint(version);
  to.uint(cluster);
  to.uint(member);
}

export function readWelcome(from: PackReader): Welcome {
  from.array(3);
  return { version: from.uint(), cluster: from.uint(), member: memberId(from.uint()) };
}

export function writeRefusal(to: PackWriter, refusal: RefusalNote): void {
  to.array(6);
  to.uint(refusal.version);
  to.uint(refusal.cluster);
  to.uint(refusal.member);
  to.uint(refusal.why);
  to.uint(refusal.asOf);
  to.bin(Buffer.from(refusal.text).subarray(0, TEXT_BYTES_MAX));
}

export function readRefusal(from: PackReader): RefusalNote {
  from.array(6);
  const version = from.uint();
  const cluster = from.uint();
  const member = memberId(from.uint());
  const why = from.uint();
  if (why > Why.BUSY) throw new LatticeError("corrupt", `a reason that there is not, ${why}`);
  const asOf = logIndex(from.uint());
  return { version, cluster, member, why: why as Why, asOf, text: Buffer.from(from.bin()).toString() };
}

export interface Host {
  readonly cluster: ClusterId;
  readonly id: MemberId;
  readonly asOf: LogIndex;
  readonly isMember: (id: MemberId) => boolean;
}

/** Whether whoever says this hello is let in. */
export function judgeHello(hello: Hello, host: Host): RefusalNote | undefined {
  const by = { version: VERSION, cluster: host.cluster, member: host.id, asOf: host.asOf };
  if (hello.version !== VERSION) {
    return { ...by, why: Why.VERSION, text: `members here speak version ${VERSION}, not ${hello.version}` };
  }
  if (hello.lane === Lane.INTRODUCTION) return undefined;
  if (hello.cluster !== host.cluster) {
    const text = `this is a member of cluster ${idText(host.cluster)}, not of ${idText(hello.cluster)}`;
    return { ...by, why: Why.CLUSTER, text };
  }
  if (hello.to !== host.id) {
    return { ...by, why: Why.MEMBER, text: `this is member ${idText(host.id)}, not ${idText(hello.to)}` };
  }
  if (hello.from === NOBODY || !host.isMember(hello.from)) {
    const text = `${idText(hello.from)} is no member of cluster ${idText(host.cluster)} by entry ${host.asOf}`;
    return { ...by, why: Why.NOT_A_MEMBER, text };
  }
  return undefined;
}
