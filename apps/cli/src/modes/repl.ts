/**
 * The command line for a person. Lines run one after the other; streams and the node's events print above the prompt.
 * Ctrl-C cancels the running command, or what is typed, and never the node; Ctrl-D and `quit` leave.
 */
import { daemon } from "@lattice/proto";
import { LatticeError } from "@lattice/model";
import { findCommand } from "../commands/registry.ts";
import { complete } from "../completion.ts";
import { formatError } from "../errors.ts";
import { oneLine } from "../print/text.ts";
import { asksForJson, runWords } from "../run-line.ts";
import type { Session } from "../session.ts";
import { storeHex } from "../store-key.ts";
import { untilAborted } from "../subscriptions.ts";
import { isUnfinished, joinLines, splitWords, tokenize } from "../tokenizer.ts";
import type { World } from "../world.ts";
import type { ReplConsole } from "./repl-console.ts";

const PROMPT_DIGITS = 4;

/** What happens all the time, and what the person did just now, would only be noise. */
const SILENT_EVENTS: ReadonlySet<daemon.NodeEvent_Kind> = new Set([
  daemon.NodeEvent_Kind.UNSPECIFIED,
  daemon.NodeEvent_Kind.STORE_OPENED,
  daemon.NodeEvent_Kind.SYNCED,
]);

export async function runRepl(world: World, session: Session, console: ReplConsole): Promise<number> {
  const leaving = new AbortController();
  const client = await session.client();
  await session.seekStore(leaving.signal);
  const events = printEvents({ client, session, signal: leaving.signal });
  const repl = new Repl(session, console);
  const removers = (["SIGTERM", "SIGHUP"] as const).map((name) => world.onSignal(name, () => repl.leave()));
  removers.push(world.onSignal("SIGINT", () => repl.interrupt()));
  try {
    await repl.run();
  } finally {
    for (const remove of removers) remove();
    leaving.abort();
    await events;
  }
  return 0;
}

class Repl {
  readonly #session: Session;
  readonly #console: ReplConsole;
  readonly #lines: string[] = [];
  /** Lines that are to go on: an open quote, or a backslash at the end. */
  #begun: string | undefined;
  #isClosed = false;
  #wake = Promise.withResolvers<void>();
  #running: AbortController | undefined;

  constructor(session: Session, console: ReplConsole) {
    this.#session = session;
    this.#console = console;
  }

  async run(): Promise<void> {
    this.#open();
    for (;;) {
      const line = await this.#nextLine();
      if (line === undefined) break;
      const whole = joinLines(this.#begun, line);
      this.#begun = isUnfinished(whole) && !this.#isClosed ? whole : undefined;
      if (this.#begun !== undefined) continue;
      await this.#runLine(whole);
      if (this.#session.hasQuit) break;
    }
    this.#console.close();
  }

  interrupt(): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    const hadBegun = this.#begun !== undefined;
    this.#begun = undefined;
    if (!this.#console.discardTyped() && !hadBegun) this.#console.out("(Ctrl-D or quit leaves)");
    this.#console.prompt(this.#prompt());
  }

  /** Ends after the running command, which is cancelled. */
  leave(): void {
    this.#isClosed = true;
    this.#lines.length = 0;
    this.#running?.abort();
    this.#wake.resolve();
  }

  #open(): void {
    const { files } = this.#session.options;
    this.#console.open(
      {
        line: (line) => {
          this.#lines.push(line);
          this.#wake.resolve();
        },
        interrupt: () => this.interrupt(),
        close: () => {
          this.#isClosed = true;
          this.#wake.resolve();
        },
        complete: (line) =>
          this.#begun === undefined ? complete(line, this.#session) : Promise.resolve([[], line]),
        history: (lines) => {
          if (isSecret(joinLines(this.#begun, lines[0] ?? ""))) lines.shift();
          files.writeHistory(lines);
        },
      },
      files.readHistory(),
    );
  }

  async #nextLine(): Promise<string | undefined> {
    if (this.#lines.length === 0 && !this.#isClosed) {
      this.#wake = Promise.withResolvers();
      this.#console.prompt(this.#prompt());
      await this.#wake.promise;
    }
    const line = this.#lines.shift();
    // Whoever leaves by Ctrl-D still stands behind the prompt.
    if (line === undefined && !this.#session.hasQuit) this.#console.leavePrompt();
    return line;
  }

  async #runLine(line: string): Promise<void> {
    this.#running = new AbortController();
    let words: readonly string[] = [];
    try {
      words = tokenize(line);
      await runWords(this.#session, words, this.#running.signal);
    } catch (error) {
      const { paintError: paint } = this.#console;
      this.#console.err(formatError(error, { json: asksForJson(this.#session, words), paint }));
    } finally {
      this.#running = undefined;
    }
  }

  #prompt(): string {
    const { paint } = this.#console;
    if (this.#begun !== undefined) return paint("faint", "… ");
    const { current } = this.#session;
    const place = current === undefined ? "" : `:${storeHex(current).slice(0, PROMPT_DIGITS)}`;
    return `${paint("prompt", `lattice${place}>`)} `;
  }
}

function isSecret(line: string): boolean {
  return findCommand(splitWords(line).words)?.secret === true;
}

/** Until the signal says stop, or the node does. */
async function printEvents(options: {
  client: Awaited<ReturnType<Session["client"]>>;
  session: Session;
  signal: AbortSignal;
}): Promise<void> {
  const { client, session, signal } = options;
  const { console } = session.options;
  try {
    for await (const { kind, text } of untilAborted(client.node.events({}, { signal }), signal)) {
      if (!SILENT_EVENTS.has(kind)) console.err(console.paintError("faint", `* ${oneLine(text)}`));
    }
    if (!signal.aborted) console.err("* the node has stopped");
  } catch (error) {
    const { code, message } = LatticeError.from(error);
    const hasStopped = code === "unavailable" || code === "closed";
    console.err(hasStopped ? "* the node has stopped" : `* no more events: ${oneLine(message)}`);
  }
}
