/** A daemon with a directory of its own, to be killed: what it tells, how often it was killed, how it ended. */
import { join } from "node:path";
import { NodeProcess } from "../../apps/cli/demo/node-process.ts";
import { connect, type LatticeClient } from "../../packages/api/src/index.ts";
import { CrashFault } from "./fault.ts";
import { KillSwitch, type Moment } from "./kill-switch.ts";
import type { World } from "./world.ts";

/** Nothing takes that long. A limit, so that a node that hangs is told as a fault. */
const ANSWER_MS_MAX = 180_000;
const KIND_FORK = 6;

const running = new Set<NodeProcess>();
process.once("exit", () => {
  for (const node of running) void node.kill();
});

export class CrashNode {
  readonly name: string;
  readonly directory: string;
  /** Forks that it has told of, in its words. */
  readonly forksTold: string[] = [];
  readonly #world: World;
  readonly #process: NodeProcess;
  #client: LatticeClient | undefined;
  #ending: Promise<void> | undefined;

  constructor(world: World, { name, directory }: { name: string; directory: string }) {
    this.name = name;
    this.directory = directory;
    this.#world = world;
    this.#process = new NodeProcess(directory);
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  get client(): LatticeClient {
    if (this.#client === undefined) throw new Error(`${this.name} does not run`);
    return this.#client;
  }

  /** Until it answers. */
  async start(): Promise<void> {
    await this.#ending;
    running.add(this.#process);
    try {
      await inTime(`${this.name} does not get ready`, this.#process.start());
      this.#client = await connect(join(this.directory, "lattice.sock"));
    } catch (error) {
      throw new CrashFault(`${this.name} does not start`, [String(error)]);
    }
    void this.#watchEvents(this.#client);
  }

  /** Is killed while it starts, or when it is ready. */
  async startKilled(moment: Moment): Promise<void> {
    await this.#ending;
    running.add(this.#process);
    const kill = new KillSwitch(this.#world, { victims: [this], moment, what: "its start" });
    const starting = this.#process.start();
    kill.arm();
    const [{ status }] = await Promise.allSettled([starting]);
    if (status === "rejected" && !kill.isFired) {
      throw new CrashFault(`${this.name} does not start`, [await this.#process.errors]);
    }
    if (status === "rejected") this.#world.figures.killsAtStart += 1;
    await kill.done();
  }

  /** The signal is sent before this returns; resolves when the process has ended. */
  kill(): Promise<void> {
    this.#ending ??= this.#kill().finally(() => (this.#ending = undefined));
    return this.#ending;
  }

  async stop(): Promise<void> {
    this.#world.note(`${this.name} is stopped`);
    await this.#client?.close();
    this.#client = undefined;
    await inTime(`${this.name} does not stop`, this.#process.stop());
    running.delete(this.#process);
  }

  /** Whatever state it is in, and not counted. */
  async end(): Promise<void> {
    await this.#ending;
    await this.#client?.close();
    this.#client = undefined;
    await this.#process.kill();
    running.delete(this.#process);
  }

  /** One call; an answer that does not come is a fault. */
  async answer<T>(
    what: string,
    call: (client: LatticeClient, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    return await inTime(`${this.name} does not answer: ${what}`, call(this.client, signal));
  }

  async #kill(): Promise<void> {
    if (!this.#process.isRunning) {
      throw new CrashFault(`${this.name} had ended by itself`, [await this.#process.errors]);
    }
    this.#world.figures.kills += 1;
    await this.#process.kill();
    running.delete(this.#process);
    await this.#client?.close();
    this.#client = undefined;
    const errors = await this.#process.errors;
    if (errors !== "")
      throw new CrashFault(`${this.name} complained before it was killed`, errors.split("\n"));
  }

  async #watchEvents(client: LatticeClient): Promise<void> {
    try {
      for await (const { kind, text } of client.node.events({})) {
        if (Number(kind) === KIND_FORK) this.forksTold.push(text);
      }
    } catch {
      // The node has ended, and the stream with it.
    }
  }
}

async function inTime<T>(otherwise: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new CrashFault(otherwise)), ANSWER_MS_MAX);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
