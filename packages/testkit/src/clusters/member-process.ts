/** One member of a cluster in a process of its own, which can be killed, stopped and started again on its directory. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { peerUrl, type Seat, type ServerProgram } from "./server-program.ts";

export interface MemberOptions {
  readonly program: ServerProgram;
  readonly seat: Seat;
  readonly seats: readonly Seat[];
  readonly isJoining?: boolean;
  /** Its data lies in a folder of it, and what it prints in a file. */
  readonly directory: string;
  readonly flags?: readonly string[];
}

/** How a process ended: its exit code or the signal. */
export type Ending = number | NodeJS.Signals;

export class MemberProcess {
  readonly seat: Seat;
  readonly dataDirectory: string;
  readonly outputFile: string;
  readonly #options: MemberOptions;
  #process: ChildProcess | undefined;
  #isPaused = false;
  #ending: Ending | undefined;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.seat = options.seat;
    this.dataDirectory = join(options.directory, "data");
    this.outputFile = join(options.directory, "output.log");
    mkdirSync(options.directory, { recursive: true });
  }

  get name(): string {
    return this.seat.name;
  }

  get address(): string {
    return `127.0.0.1:${this.seat.clientPort}`;
  }

  get peerUrl(): string {
    return peerUrl(this.seat);
  }

  /** Of the process that was started last. */
  get pid(): number {
    return this.#process!.pid!;
  }

  get isRunning(): boolean {
    return (
      this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
    );
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Of the process that was started last, once it has ended. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** All that its processes have printed. */
  get output(): string {
    return readFileSync(this.outputFile, "utf8");
  }

  /** Does not wait until it serves. */
  start(): void {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    const { program, seat, seats, isJoining = false, flags = [] } = this.#options;
    const [command, ...args] = program.command({
      seat,
      seats,
      isJoining,
      directory: this.dataDirectory,
      flags,
    });
    const output = openSync(this.outputFile, "a");
    const child = spawn(command, args, { stdio: ["ignore", output, output] });
    closeSync(output);
    this.#process = child;
    this.#isPaused = false;
    this.#ending = undefined;
    child.once("exit", (code, signal) => (this.#ending = code ?? signal ?? undefined));
    running.add(child);
    child.once("exit", () => running.delete(child));
    child.once("error", () => undefined);
  }

  /** SIGSTOP: it stands still, and its connections stay. */
  pause(): void {
    if (!this.isRunning) return;
    this.#process!.kill("SIGSTOP");
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.isRunning) return;
    this.#process!.kill("SIGCONT");
    this.#isPaused = false;
  }

  /** Resolves when the process has ended. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    if (!this.isRunning) return;
    const child = this.#process!;
    const exited = once(child, "exit");
    if (this.#isPaused && signal === "SIGTERM") this.resume();
    child.kill(signal);
    await exited;
  }

  /** Resolves when the process has ended, however that came. */
  async ended(): Promise<void> {
    if (this.isRunning) await once(this.#process!, "exit");
  }
}

/** Whoever started them may end without having ended them. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
