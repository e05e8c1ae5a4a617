/** One of the clusters that are compared, and the commands that are run against it. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import {
  calls,
  EtcdClient,
  freePorts,
  MemberProcess,
  TestCluster,
  type IMessageType,
  type Seat,
  type ServerProgram,
} from "../../../packages/testkit/src/clusters/index.ts";
import { Mask } from "./mask.ts";
import type { Exchange, Transcript } from "./transcript.ts";

export interface Answer {
  readonly out: string;
  readonly err: string;
  readonly code: number | string;
}

export interface CommandOptions {
  readonly input?: string;
  /** Whom it asks; all members' addresses unless told: the leader. */
  readonly at?: readonly string[];
  readonly command?: string;
  /** For output whose order is that of random ids. */
  readonly isSorted?: boolean;
  /** For what only this command prints. */
  readonly mask?: readonly (readonly [RegExp, string])[];
  readonly env?: NodeJS.ProcessEnv;
  /** How long it may take; a guard, and no measure. */
  readonly patienceMs?: number;
  /** What a binary output is. */
  readonly message?: IMessageType<object>;
  /** It is part of what leads to the next command, and is not compared. */
  readonly isSilent?: boolean;
}

/** A guard against what never comes, and no measure. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 50;

export class Side implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly directory: string;
  readonly mask = new Mask();
  /** Of the member that leads, which is always the first. */
  readonly leader: MemberProcess;
  readonly #exchanges: Exchange[] = [];
  readonly #running = new Set<ChildProcessWithoutNullStreams>();

  private constructor(cluster: TestCluster, directory: string, leader: MemberProcess) {
    this.cluster = cluster;
    this.directory = directory;
    this.leader = leader;
  }

  static async start(program: ServerProgram, directory: string): Promise<Side> {
    mkdirSync(directory, { recursive: true });
    const cluster = await TestCluster.start({ program, size: 3, directory });
    const side = new Side(cluster, directory, cluster.members[0]!);
    side.mask.name(directory, "directory");
    for (const { seat } of cluster.members) side.#nameSeat(seat);
    try {
      await side.#nameMembers();
      await side.#leadFirst();
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return side;
  }

  get transcript(): Transcript {
    return this.#exchanges;
  }

  get addresses(): string[] {
    return this.cluster.addresses;
  }

  async idOf(name: string): Promise<string> {
    using client = new EtcdClient(this.leader.address);
    const { members } = await client.call(calls.memberList, {});
    return members.find((member) => member.name === name)!.id.toString(16);
  }

  /** Runs `etcdctl`, or another command, to its end. */
  async run(words: readonly string[], options: CommandOptions = {}): Promise<Answer> {
    const { input = "", isSilent = false } = options;
    const child = this.#spawn(words, options);
    // A command that ends before it has read its input is no error.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const ended = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    const guard = setTimeout(() => child.kill("SIGKILL"), options.patienceMs ?? PATIENCE_MS);
    const [printed, err, [code, signal]] = await Promise.all([
      buffer(child.stdout),
      text(child.stderr),
      ended,
    ]);
    const out =
      options.message === undefined || code !== 0 ? printed.toString() : toText(options.message, printed);
    clearTimeout(guard);
    const answer = { out, err, code: code ?? signal ?? "?" };
    if (!isSilent) this.#note(words, options, answer);
    return answer;
  }

  /** One that goes on by itself. */
  begin(words: readonly string[], options: CommandOptions = {}): Running {
    const child = this.#spawn(words, options);
    return new Running(child, (answer) => this.#note(words, options, answer));
  }

  note(asked: string, answered: string): void {
    this.#exchanges.push({ asked: this.mask.apply(asked), answered: this.mask.apply(answered) });
  }

  /** A member that was added takes its seat. Its peer port must be that which was announced. */
  join(seat: Seat): MemberProcess {
    const { program, members } = this.cluster;
    const member = new MemberProcess({
      program,
      seat,
      seats: [...members.map((each) => each.seat), seat],
      isJoining: true,
      directory: join(this.directory, seat.name),
    });
    member.start();
    members.push(member);
    return member;
  }

  async newSeat(name: string): Promise<Seat> {
    const [clientPort, peerPort] = (await freePorts(2)) as [number, number];
    const seat = { name, clientPort, peerPort, peerPortSeen: peerPort };
    this.#nameSeat(seat);
    return seat;
  }

  /** So that ids of members that came since are known. */
  async nameMember(name: string, peerUrl: string): Promise<bigint> {
    using client = new EtcdClient(this.leader.address);
    const { members } = await client.call(calls.memberList, {});
    const id = members.find((member) => member.peerURLs.includes(peerUrl))!.id;
    this.mask.nameId(id, `member ${name}`);
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) child.kill("SIGKILL");
    await this.cluster.end();
  }

  #spawn(words: readonly string[], options: CommandOptions): ChildProcessWithoutNullStreams {
    const { at = [this.leader.address], command = "etcdctl", env = {} } = options;
    const args = command === "etcdctl" ? [`--endpoints=${at.join(",")}`, ...words] : words;
    const child = spawn(command, args, { env: { ...process.env, ETCDCTL_API: "3", ...env } });
    this.#running.add(child);
    child.once("close", () => this.#running.delete(child));
    return child;
  }

  #note(words: readonly string[], options: CommandOptions, { out, err, code }: Answer): void {
    const { at, isSorted = false, mask = [], command = "etcdctl" } = options;
    const names = at?.map((address) => this.mask.apply(address)).join(",");
    const where = names === undefined ? "" : `   (at ${names})`;
    const own = (output: string): string => {
      let masked = this.mask.apply(output);
      for (const [pattern, replacement] of mask) masked = masked.replaceAll(pattern, replacement);
      return isSorted ? masked.split("\n").toSorted().join("\n") : masked;
    };
    const parts = [own(out), err === "" ? "" : own(`stderr:\n${err}`), code === 0 ? "" : `exit ${code}`];
    const asked = this.mask.apply(`${[command, ...words].map(quoted).join(" ")}${where}`);
    this.#exchanges.push({ asked, answered: parts.filter((part) => part !== "").join("\n") });
  }

  #nameSeat({ name, clientPort, peerPortSeen }: Seat): void {
    this.mask.name(`127.0.0.1:${clientPort}`, `client ${name}`);
    this.mask.name(`127.0.0.1:${peerPortSeen}`, `peer ${name}`);
  }

  /** As soon as all have said where clients find them. */
  async #nameMembers(): Promise<void> {
    using client = new EtcdClient(this.leader.address);
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const { header, members } = await client.call(calls.memberList, {});
      if (members.every(({ clientURLs }) => clientURLs.length > 0)) {
        this.mask.nameCluster(header!.clusterId, members);
        return;
      }
      if (performance.now() > giveUpAt) throw new Error("a member does not say where clients find it");
      await delay(RETRY_MS);
    }
  }

  async #leadFirst(): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const leader = await this.cluster.leader();
      if (leader === this.leader) return;
      if (performance.now() > giveUpAt) throw new Error(`${this.leader.name} does not become leader`);
      using client = new EtcdClient(leader.address);
      const id = BigInt(`0x${await this.idOf(this.leader.name)}`);
      await client.call(calls.moveLeader, { targetID: id }).catch(() => undefined);
      await delay(RETRY_MS);
    }
  }
}

/** A command that goes on, such as `watch`. */
export class Running {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #note: (answer: Answer) => void;
  readonly #ended: Promise<unknown[]>;
  #out = "";
  #err = "";
  #wake = (): void => undefined;

  constructor(child: ChildProcessWithoutNullStreams, note: (answer: Answer) => void) {
    this.#child = child;
    this.#note = note;
    child.stdin.on("error", () => undefined);
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      this.#out += chunk;
      this.#wake();
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (this.#err += chunk));
    this.#ended = once(child, "close");
    child.once("close", () => this.#wake());
  }

  write(line: string): void {
    this.#child.stdin.write(line);
  }

  /** Resolves when the output has what is looked for, and tells it. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = pattern.exec(this.#out);
      if (found !== null) return found;
      const isOver = this.#child.exitCode !== null || performance.now() > giveUpAt;
      if (isOver) throw new Error(`${pattern} does not come, but:\n${this.#out}\n${this.#err}`);
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), delay(PATIENCE_MS / 10)]);
    }
  }

  /** Ends it and notes what it has printed. */
  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<Answer> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    return this.ended();
  }

  /** Of one that ends by itself. */
  async ended(): Promise<Answer> {
    this.#child.stdin.end();
    const [code, signal] = (await this.#ended) as [number | null, NodeJS.Signals | null];
    const answer = { out: this.#out, err: this.#err, code: code ?? signal ?? "?" };
    this.#note(answer);
    return answer;
  }
}

/** With ids in their decimal form, which a mask knows. */
function toText(type: IMessageType<object>, bytes: Uint8Array): string {
  return JSON.stringify(type.toJson(type.fromBinary(bytes)));
}

function quoted(word: string): string {
  return /^[\w./:=,<>@%+-]+$/.test(word) ? word : `'${word.replaceAll("\n", "\\n")}'`;
}
