/** Members of a cluster in this process, started by the command that anybody would start them with. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { run, start, temporaryDirectory, type Result, type Run } from "./harness.ts";

interface Seat {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
  readonly data: string;
}

export class ClusterUnderTest {
  readonly directory = temporaryDirectory();
  readonly seats: readonly Seat[];
  /** Those that serve, or have served. */
  readonly #members = new Map<string, Run>();
  readonly #runs: Run[] = [];

  private constructor(names: readonly string[], ports: readonly number[]) {
    this.seats = names.map((name, at) => ({
      name,
      client: `127.0.0.1:${ports[2 * at]}`,
      peer: `127.0.0.1:${ports[2 * at + 1]}`,
      data: join(this.directory, name),
    }));
    onTestFinished(() => this.end());
  }

  static async make(...names: readonly string[]): Promise<ClusterUnderTest> {
    return new ClusterUnderTest(names, await freePorts(2 * names.length));
  }

  /** All of `names` begin a cluster; resolves when it has a leader. */
  static async start(...names: readonly string[]): Promise<ClusterUnderTest> {
    const cluster = await ClusterUnderTest.make(...names);
    await Promise.all(names.map((name) => cluster.begin(name, ["--initial", cluster.initial(...names)])));
    await cluster.answer("get", "--count-only", "is-there-anybody");
    return cluster;
  }

  initial(...names: readonly string[]): string {
    return names.map((name) => `${name}=${this.seat(name).peer}`).join(",");
  }

  seat(name: string): Seat {
    return this.seats.find((seat) => seat.name === name)!;
  }

  member(name: string): Run {
    return this.#members.get(name)!;
  }

  /** Resolves when it serves, with what it says. */
  async begin(name: string, flags: readonly string[] = []): Promise<string> {
    const started = this.launch(name, flags);
    this.#members.set(name, started);
    const ended = started.exit.then((code) => {
      throw new Error(`${name} has ended with ${code}: ${started.errors.text}`);
    });
    await Promise.race([started.output.until((text) => text.endsWith("\n")), ended]);
    ended.catch(() => undefined);
    return started.output.text.trimEnd();
  }

  /** Does not wait. */
  launch(name: string, flags: readonly string[] = []): Run {
    const { client, peer, data } = this.seat(name);
    const where = ["--data", data, "--client", client, "--peer", peer, "--election-timeout", "300"];
    const times = ["--heartbeat-interval", "30"];
    const started = start(["cluster", "start", "--name", name, ...where, ...times, ...flags]);
    this.#runs.push(started);
    return started;
  }

  async stop(name: string): Promise<number> {
    const running = this.member(name);
    running.signal("SIGTERM");
    return running.exit;
  }

  /** A command of the cluster, to members that run or not. */
  run(...words: readonly string[]): Promise<Result> {
    return run(["cluster", ...words], { env: this.env });
  }

  /** One that must succeed. */
  async answer(...words: readonly string[]): Promise<string> {
    const { code, out, err } = await this.run(...words);
    if (code !== 0) throw new Error(`cluster ${words.join(" ")}: ${code} ${err}`);
    return out.trimEnd();
  }

  get env() {
    return { LATTICE_ENDPOINTS: this.seats.map(({ client }) => client).join(",") };
  }

  async end(): Promise<void> {
    for (const running of this.#runs) running.signal("SIGTERM");
    await Promise.all(this.#runs.map(({ exit }) => exit));
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
