/**
 * Runs one command, wherever its words come from: the shell's arguments, a line of a script, a line of the REPL. A
 * command of the table comes first, then the methods of the store's type.
 */
import type { LatticeClient } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import type { daemon } from "@lattice/proto";
import {
  findCommand,
  firstWords,
  halfCommand,
  parseCommand,
  rejectHalfCommand,
} from "./commands/registry.ts";
import type { Context } from "./context.ts";
import { UsageError } from "./errors.ts";
import { toJson } from "./fields/json.ts";
import { takeFlags, type FlagValues } from "./flags.ts";
import { commandHelp, familyHelp, methodHelp, methodListHelp, overview } from "./help.ts";
import { bytesFormOf, LINE_FLAGS } from "./invocation.ts";
import { Output } from "./output.ts";
import { Progress } from "./progress.ts";
import { renderCommandReply, renderEvent, renderReply } from "./print/reply.ts";
import type { Session } from "./session.ts";
import { storeKey } from "./store-key.ts";
import { encodeRequest, type StoreMethod } from "./store-methods.ts";
import { describeEnd, untilAborted, type StreamSource } from "./subscriptions.ts";
import { didYouMean, nearest } from "./suggest.ts";

export async function runWords(
  session: Session,
  words: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const endsItself = findCommand(words)?.endsItself === true;
  using progress = new Progress(session.options.console, commandText(words));
  if (endsItself) progress.stop();
  const running = runAny(session, words, { signal, progress });
  if (endsItself) return await running;
  // What does not heed the signal must not keep its caller waiting. What does, such as a stream for which this is the
  // good end, comes to its own end within this turn of the event loop.
  const aborted = Promise.withResolvers<never>();
  const onAbort = () =>
    void setImmediate(() => aborted.reject(new LatticeError("cancelled", "the call was cancelled")));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([running, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    for (const loser of [running, aborted.promise]) loser.catch(() => {});
  }
}

/** Whether what goes wrong with these words is to be told in JSON. */
export function asksForJson(session: Session, words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return session.options.json || words.slice(0, end < 0 ? undefined : end).includes("--json");
}

/** What a person sees while it takes its time: the command, without what it is given. */
function commandText(words: readonly string[]): string {
  return (findCommand(words)?.path ?? words.slice(0, 1)).join(" ");
}

interface Running {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

async function runAny(session: Session, words: readonly string[], running: Running): Promise<void> {
  if (words.length === 0) return;
  const command = findCommand(words);
  if (command === undefined) {
    await runMethod(session, words, running);
    return;
  }
  const { args, given } = parseCommand(command, words);
  const context = contextOf(session, given, running);
  if (given.switches.has("help")) await context.help(command.path);
  else await command.run(context, args);
}

async function runMethod(session: Session, words: readonly string[], running: Running): Promise<void> {
  const half = halfCommand(words);
  if (half !== undefined && words[half.length] === "--help") {
    for (const line of familyHelp(half)!) session.options.console.out(line);
    return;
  }
  rejectHalfCommand(words);
  const name = words[0]!;
  const given = takeFlags(words.slice(1), LINE_FLAGS);
  const context = contextOf(session, given, running);
  const method = await findMethod(session, context, name);
  if (given.switches.has("help")) {
    for (const line of methodHelp(method)) context.output.line(line);
    return;
  }
  await call(context, { method, given, label: words.join(" ") });
}

function contextOf(session: Session, given: FlagValues, { signal, progress }: Running): Context {
  const { options } = session;
  const query = given.values.get("store")?.[0];
  const output = new Output(options.console, {
    json: options.json || given.switches.has("json"),
    verbose: options.verbose || given.switches.has("verbose"),
    raw: options.raw || given.switches.has("raw"),
    bytes: given.switches.has("hex") || given.switches.has("base64") ? bytesFormOf(given) : options.bytes,
  });
  if (output.isRaw && options.mode !== "one-shot")
    throw new UsageError("--raw is for a single command, whose output goes to a file or a pipe");
  const context: Context = {
    session,
    output,
    signal,
    client: () => session.client(),
    store: async () => {
      if (query === undefined) return session.requireStore(signal);
      return (await session.client()).store.resolve({ store: query }, { signal });
    },
    help: (words) => help(session, context, words),
    input: (given) => readInput(session, given),
    follow: (source) => {
      progress.stop();
      return follow(context, source);
    },
    progress: (text) => (text === undefined ? progress.stop() : progress.tell(text)),
    storeQuery: query,
    isHidden: (method) => findCommand([method]) !== undefined || halfCommand([method]) !== undefined,
    callMethod: async (words) => {
      const method = await methodToCall(session, context, words[0]!);
      const at = words.indexOf("--");
      const before = at < 0 ? words : words.slice(0, at);
      const literal = at < 0 ? undefined : words.slice(at + 1);
      await call(context, { method, given: { words: before.slice(1), literal }, label: words.join(" ") });
    },
  };
  return context;
}

/** All of the standard input, where one of the words says so. */
async function readInput(session: Session, words: readonly string[]): Promise<Uint8Array | undefined> {
  if (!words.some((word) => /^(.*=)?-$/s.test(word))) return undefined;
  return session.options.readInput?.();
}

/** Throws where the store has no such method, or there is no store to have one. */
async function findMethod(session: Session, context: Context, name: string): Promise<StoreMethod> {
  let store: daemon.Store;
  try {
    store = await context.store();
  } catch (error) {
    throw unknownWithoutStore(name, error);
  }
  const methods = await session.methodsOf(store, context.signal);
  const method = methods.get(name);
  if (method !== undefined) return method;
  const hint = didYouMean(name, [...methods.keys(), ...firstWords()]);
  throw new UsageError(`unknown command "${name}"${hint === "" ? "; help lists the commands" : hint}`);
}

/** What `store call` names is a method, and no command in its place will do. */
async function methodToCall(session: Session, context: Context, name: string): Promise<StoreMethod> {
  const store = await context.store();
  const methods = await session.methodsOf(store, context.signal);
  const method = methods.get(name);
  if (method !== undefined) return method;
  const known = [...methods.keys()];
  const hint = didYouMean(name, known) || `, only: ${known.join(", ")}`;
  throw new UsageError(`a store of type ${store.type} has no method "${name}"${hint}`);
}

/** A slip of the keyboard is told before what a method of that name would have needed. */
function unknownWithoutStore(name: string, error: unknown): unknown {
  const meant = nearest(name, firstWords());
  if (meant !== undefined) return new UsageError(`unknown command "${name}"; did you mean "${meant}"?`);
  if (!(error instanceof LatticeError) || error.code !== "failed-precondition") return error;
  return new LatticeError(error.code, `"${name}" would be a method of a store, but ${error.message}`);
}

interface Call {
  readonly method: StoreMethod;
  readonly given: Pick<FlagValues, "words" | "literal">;
  readonly label: string;
}

async function call(context: Context, { method, given, label }: Call): Promise<void> {
  const message = encodeRequest(
    method,
    given,
    await context.input([...given.words, ...(given.literal ?? [])]),
  );
  const request = { store: storeKey(await context.store()), method: method.rpc, message };
  const client = await context.client();
  if (method.kind === "stream") {
    await stream(context, { client, request, method, label });
    return;
  }
  const { output, signal } = context;
  const reply = method.reply.fromBinary((await client.dynamic.call(request, { signal })).message);
  if (output.isRaw) output.raw(method.reply, reply);
  else if (output.json) showJson(output, method, reply);
  else if (method.kind === "command") output.rendering(renderCommandReply(method.reply, reply, output));
  else output.rendering(renderReply(method.reply, reply, output));
}

function showJson(output: Output, method: StoreMethod, reply: object): void {
  const { missing } = renderReply(method.reply, reply, output);
  if (missing && method.kind === "query") throw new LatticeError("not-found", "not found");
  output.document(toJson(method.reply, reply));
}

interface StreamCall {
  readonly client: LatticeClient;
  readonly request: { readonly store: string; readonly method: string; readonly message: Uint8Array };
  readonly method: StoreMethod;
  readonly label: string;
}

async function stream(context: Context, { client, request, method, label }: StreamCall): Promise<void> {
  const { output } = context;
  const open = async function* (signal: AbortSignal): AsyncGenerator<string> {
    for await (const reply of client.dynamic.subscribe(request, { signal })) {
      const event = method.reply.fromBinary(reply.message);
      yield output.json
        ? JSON.stringify(toJson(method.reply, event))
        : renderEvent(method.reply, event, output);
    }
  };
  await context.follow({ label, open });
}

/** Until a signal where the stream is all there is to do, in the background otherwise. */
async function follow(context: Context, source: StreamSource): Promise<void> {
  const { session, output } = context;
  if (session.options.mode === "one-shot") {
    for await (const line of untilAborted(source.open(context.signal), context.signal)) output.line(line);
    return;
  }
  const { console } = session.options;
  const mark = (id: number) => (output.json ? "" : `#${id} `);
  const { id } = session.subscriptions.start(source, {
    line: (number, text) => console.out(mark(number) + text),
    ended: (number, error) => console.err(`#${number} ${describeEnd(error)}`),
  });
  if (session.options.mode === "repl") output.note(`#${id} runs in the background; unsub ${id} stops it`);
}

async function help(session: Session, context: Context, words: readonly string[]): Promise<void> {
  for (const line of await helpLines(session, context, words)) context.output.line(line);
}

async function helpLines(
  session: Session,
  context: Context,
  words: readonly string[],
): Promise<readonly string[]> {
  if (words.length === 0) {
    const store = await context.store().catch(() => undefined);
    const methods = store === undefined ? undefined : await session.methodsOf(store, context.signal);
    const { paint } = context.output;
    const own = methods === undefined ? [] : methodListHelp(store!.type, methods.values(), paint);
    return [...overview(paint), ...own];
  }
  const command = findCommand(words);
  if (command !== undefined && command.path.length === words.length) return commandHelp(command);
  const family = familyHelp(words);
  if (family !== undefined) return family;
  if (words.length === 1) return methodHelp(await findMethod(session, context, words[0]!));
  throw new UsageError(`unknown command "${words.join(" ")}"; help lists the commands`);
}
