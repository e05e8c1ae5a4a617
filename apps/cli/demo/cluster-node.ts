/** A member of the demo's cluster: a process of its own, started with `lattice cluster start`. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LATTICE, NodeProcess, type Answer } from "./node-process.ts";

export interface ClusterSeat {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
}

/** Where three members listen: ports of loopback that nobody has. */
export async function freeSeats(...names: readonly string[]): Promise<ClusterSeat[]> {
  const servers = names.flatMap(() => [createServer(), createServer()]);
  for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
  const addresses = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (const server of servers) await once(server.close(), "close");
  return names.map((name, at) => ({ name, client: addresses[2 * at]!, peer: addresses[2 * at + 1]! }));
}

export class ClusterNode {
  readonly seat: ClusterSeat;
  readonly #seats: readonly ClusterSeat[];
  readonly #data: string;
  readonly #tell: (line: string) => void;
  #process: ChildProcess | undefined;

  /** `tell` is given what the member says of itself. */
  constructor(
    seat: ClusterSeat,
    options: { seats: readonly ClusterSeat[]; directory: string; tell: (line: string) => void },
  ) {
    this.seat = seat;
    this.#seats = options.seats;
    this.#data = join(options.directory, seat.name);
    this.#tell = options.tell;
  }

  get isRunning(): boolean {
    return (
      this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
    );
  }

  /** Resolves when it serves. */
  async start(): Promise<void> {
    const { name, client, peer } = this.seat;
    const initial = this.#seats.map((seat) => `${seat.name}=${seat.peer}`).join(",");
    const where = ["--data", this.#data, "--client", client, "--peer", peer, "--initial", initial];
    const child = spawn(process.execPath, [
      LATTICE,
      "cluster",
      "start",
      "--name",
      name,
      ...where,
      "--verbose",
    ]);
    this.#process = child;
    createInterface({ input: child.stderr }).on("line", (line) =>
      this.#tell(`${name}: ${line.replace(/^note: /, "")}`),
    );
    const ended = once(child, "exit").then(() => {
      throw new Error(`${name} did not start`);
    });
    await Promise.race([once(child.stdout, "data"), ended]);
    ended.catch(() => undefined);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const exited = once(this.#process!, "exit");
    this.#process!.kill(signal);
    await exited;
  }
}

/** The command line, spoken to all members. */
export class ClusterShell {
  readonly #shell: NodeProcess;

  constructor(directory: string, seats: readonly ClusterSeat[]) {
    const env = { LATTICE_ENDPOINTS: seats.map(({ client }) => client).join(",") };
    this.#shell = new NodeProcess(join(directory, "shell"), env);
  }

  run(...words: readonly string[]): Promise<Answer> {
    return this.#shell.run(["cluster", ...words]);
  }

  answer(...words: readonly string[]): Promise<string> {
    return this.#shell.answer("cluster", ...words);
  }

  /** One command, shown with its output. */
  async show(...words: readonly string[]): Promise<void> {
    const typed = words.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(" ");
    const answer = await this.answer(...words);
    console.log(`$ lattice cluster ${typed}${answer === "" ? "" : `\n${answer}`}`);
  }
}
