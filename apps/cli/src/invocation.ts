/**
 * What the words behind `lattice` and the environment ask for. A flag wins over its environment variable, which wins
 * over the default; only `--types` and its variable add to each other.
 */
import { isIPv6 } from "node:net";
import { delimiter, resolve } from "node:path";
import { listOf, userOfWord, type ClusterWish } from "./cluster/endpoint-words.ts";
import { UsageError } from "./errors.ts";
import { takeFlags, type Flag, type FlagValues } from "./flags.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogOptions } from "./log.ts";
import { defaultDataDirectory, type ListenAddress } from "./node-access.ts";
import { COLOR_CHOICES, type ColorChoice } from "./print/paint.ts";
import type { BytesForm } from "./print/value.ts";
import type { Environment } from "./world.ts";

/** Also of commands that speak to no node. */
const COLOR_FLAG: Flag = {
  name: "color",
  value: "WHEN",
  help: "auto (on a terminal, unless NO_COLOR is set), always or never",
  completes: "color",
};

/** Understood on every line, in every mode, whatever it is about. */
export const OUTPUT_FLAGS: readonly Flag[] = [
  { name: "json", help: "print JSON, one document a line" },
  { name: "verbose", help: "print also what is left out by default" },
  { name: "hex", help: "print bytes as hex" },
  { name: "base64", help: "print bytes as base64" },
  { name: "raw", help: "print the one value of the answer as it is, with no line end behind it" },
  { name: "help", help: "explain the command instead of running it" },
];

/** Understood on every line that is about a node. */
export const LINE_FLAGS: readonly Flag[] = [
  { name: "store", value: "STORE", help: "act on this store: id, prefix or name", completes: "store" },
  ...OUTPUT_FLAGS,
];

/** Where a daemon serves its page, unless told otherwise. */
const WEB_PORT = 8123;

/** Understood only behind `lattice` itself. */
export const PROCESS_FLAGS: readonly Flag[] = [
  { name: "daemon", help: "run a node until SIGINT or SIGTERM" },
  { name: "embedded", help: "run a node in this process, and the command line on it" },
  COLOR_FLAG,
  { name: "data", value: "DIR", help: "data directory" },
  { name: "listen", value: "HOST[:PORT]", help: "where the node listens for peers", repeated: true },
  {
    name: "types",
    value: "MODULE",
    help: "more store types: a file, or a package with them; the node remembers it",
    repeated: true,
  },
  {
    name: "web",
    value: "PORT",
    help: `serve the page and the HTTP API on this port of this machine (${WEB_PORT}; 0: any that is free)`,
  },
  { name: "no-web", help: "serve neither" },
  {
    name: "endpoints",
    value: "HOST:PORT,…",
    help: "members of clusters that the page is to show (LATTICE_ENDPOINTS; LATTICE_USER says who asks)",
  },
  { name: "log-level", value: "LEVEL", help: `what the node logs: ${LOG_LEVELS.join(", ")}` },
  {
    name: "log-format",
    value: "FORMAT",
    help: "text or json; by default text for a terminal, json otherwise",
  },
  { name: "version", help: "print the version" },
];

export type Mode = "help" | "version" | "complete" | "daemon" | "repl" | "script" | "one-shot";

export interface Invocation {
  readonly mode: Mode;
  /** The command of a one-shot, its flags included. */
  readonly words: readonly string[];
  readonly embedded: boolean;
  readonly dataDirectory: string;
  readonly hasOwnDataDirectory: boolean;
  readonly listen: readonly ListenAddress[] | undefined;
  /** Modules of store types, as they were written. */
  readonly types: readonly string[];
  /** Absent where nothing is logged: beside a prompt, unless asked for. */
  readonly log: LogOptions | undefined;
  /** Absent where no page is to be served. */
  readonly web: WebWish | undefined;
  /** Absent where no cluster is to be told of. */
  readonly clusters: ClusterWish | undefined;
  readonly store: string | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly bytes: BytesForm;
  readonly raw: boolean;
  readonly color: ColorChoice;
}

export interface WebWish {
  readonly port: number;
  /** Nobody asked for this very port: a node that cannot have it runs without. */
  readonly isOptional: boolean;
}

export interface InvocationOptions {
  readonly env: Environment;
  readonly isTerminal: boolean;
}

/** The first word with which a shell asks what could come next. It is no command: a store type may call a method `complete`. */
export const COMPLETE_WORD = "__complete";

/** First words of commands that speak to no node: what their lines say of data and stores is their own. */
const WITHOUT_NODE: ReadonlySet<string> = new Set(["cluster"]);

export function readInvocation(argv: readonly string[], options: InvocationOptions): Invocation {
  const { env } = options;
  const first = commandWord(argv);
  if (first !== undefined && WITHOUT_NODE.has(first)) return withoutNode(argv, env);
  if (argv[0] === COMPLETE_WORD) return forCompletion(argv.slice(1), env);
  const given = takeFlags(argv, [...PROCESS_FLAGS, ...LINE_FLAGS]);
  const mode = modeOf(given, options.isTerminal);
  const embedded = given.switches.has("embedded");
  const data = given.values.get("data")?.[0] ?? nonEmpty(env["LATTICE_DATA"]);
  const listen = given.values.get("listen") ?? (mode === "daemon" || embedded ? envListen(env) : undefined);
  if (listen !== undefined && mode !== "daemon" && !embedded) {
    throw new UsageError("--listen needs --daemon or --embedded: only a node listens");
  }
  if (given.values.has("types") && mode !== "daemon" && !embedded) {
    throw new UsageError("--types needs --daemon or --embedded: only a node has store types");
  }
  if ((given.values.has("log-level") || given.values.has("log-format")) && mode !== "daemon" && !embedded) {
    throw new UsageError("--log-level and --log-format need --daemon or --embedded: only a node has a log");
  }
  if ((given.values.has("web") || given.switches.has("no-web")) && mode !== "daemon" && !embedded) {
    throw new UsageError("--web and --no-web need --daemon or --embedded: only a node serves a page");
  }
  if (given.values.has("endpoints") && mode !== "daemon" && !embedded) {
    throw new UsageError(
      "--endpoints needs --daemon or --embedded: a node tells of clusters, and so does lattice cluster status",
    );
  }
  return {
    mode,
    words: mode === "one-shot" ? commandWords(given) : [],
    embedded,
    dataDirectory: resolve(data ?? defaultDataDirectory(env)),
    hasOwnDataDirectory: data !== undefined,
    listen: listen?.map(parseListenAddress),
    types: [...(given.values.get("types") ?? []), ...envTypes(env)],
    log: logOptions(given, mode, env),
    web: webWish(given, mode, env),
    clusters: mode === "daemon" || embedded ? clusterWish(given, env) : undefined,
    store: given.values.get("store")?.[0] ?? nonEmpty(env["LATTICE_STORE"]),
    json: given.switches.has("json"),
    verbose: given.switches.has("verbose"),
    bytes: bytesFormOf(given),
    raw: given.switches.has("raw"),
    color: colorOf(given),
  };
}

/** What a line says on how bytes are to be printed. */
export function bytesFormOf({ switches }: Pick<FlagValues, "switches">): BytesForm {
  if (switches.has("hex") && switches.has("base64"))
    throw new UsageError("--hex and --base64 exclude each other");
  if (switches.has("hex")) return "hex";
  return switches.has("base64") ? "base64" : "text";
}

function colorOf({ values }: FlagValues): ColorChoice {
  const [word = "auto"] = values.get("color") ?? [];
  const choice = COLOR_CHOICES.find((each) => each === word);
  if (choice === undefined)
    throw new UsageError(`--color: "${word}" is none of: ${COLOR_CHOICES.join(", ")}`);
  return choice;
}

/** The words are a line that is still being typed: nothing in it may be an error. */
function forCompletion(words: readonly string[], env: Environment): Invocation {
  return { ...withoutNode([], env), mode: "complete", words };
}

/** All flags but `--color` are left to the command; those before it are put behind it. */
function withoutNode(all: readonly string[], env: Environment): Invocation {
  const given = takeFlags(all, [COLOR_FLAG]);
  const argv = [...given.words, ...(given.literal === undefined ? [] : ["--", ...given.literal])];
  const at = argv.indexOf(commandWord(argv) ?? "");
  const end = argv.indexOf("--");
  const words = at < 0 ? [] : argv.slice(at, end < 0 ? undefined : end);
  const literal = end < 0 ? [] : argv.slice(end);
  return {
    mode: "one-shot",
    words: [...words, ...argv.slice(0, Math.max(0, at)), ...literal],
    embedded: false,
    dataDirectory: resolve(defaultDataDirectory(env)),
    hasOwnDataDirectory: false,
    listen: undefined,
    types: [],
    log: undefined,
    web: undefined,
    clusters: undefined,
    store: undefined,
    json: false,
    verbose: false,
    bytes: "text",
    raw: false,
    color: colorOf(given),
  };
}

/** The first word that is neither a flag of every line nor the choice of colours. */
function commandWord(argv: readonly string[]): string | undefined {
  const isPassed = (word: string, at: number) =>
    OUTPUT_FLAGS.some(({ name }) => word === `--${name}`) ||
    word.startsWith("--color") ||
    argv[at - 1] === "--color";
  return argv.find((word, at) => !isPassed(word, at));
}

function modeOf(given: FlagValues, isTerminal: boolean): Mode {
  const { switches, words, literal } = given;
  const isScript = words.length === 1 && words[0] === "-";
  const hasCommand = !isScript && words.length + (literal?.length ?? 0) > 0;
  if (switches.has("version")) return "version";
  if (switches.has("help") && !hasCommand) return "help";
  const first = words[0];
  if (hasCommand && first?.startsWith("-") === true) {
    throw new UsageError(`unknown flag ${first}; see lattice --help`);
  }
  if (switches.has("daemon")) {
    if (switches.has("embedded")) throw new UsageError("--daemon and --embedded exclude each other");
    if (hasCommand || isScript) {
      throw new UsageError("--daemon takes no command; run the command beside it, without --daemon");
    }
    return "daemon";
  }
  if (hasCommand) return "one-shot";
  return isScript || !isTerminal ? "script" : "repl";
}

function commandWords(given: FlagValues): readonly string[] {
  const help = given.switches.has("help") ? ["--help"] : [];
  const literal = given.literal === undefined ? [] : ["--", ...given.literal];
  return [...given.words, ...help, ...literal];
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function envListen(env: Environment): readonly string[] | undefined {
  return nonEmpty(env["LATTICE_LISTEN"])
    ?.split(/[\s,]+/)
    .filter((part) => part !== "");
}

/** A daemon serves its page unless told otherwise, a node in a process of its own only where it is told to. */
function webWish(given: FlagValues, mode: Mode, env: Environment): WebWish | undefined {
  const flag = given.values.get("web")?.[0];
  const isRefused = given.switches.has("no-web");
  if (flag !== undefined && isRefused) throw new UsageError("--web and --no-web exclude each other");
  if (flag !== undefined) return { port: parsePort(flag, "--web"), isOptional: false };
  if (isRefused || mode !== "daemon") return undefined;
  const variable = nonEmpty(env["LATTICE_WEB"]);
  if (variable === "off") return undefined;
  if (variable !== undefined) return { port: parsePort(variable, "LATTICE_WEB"), isOptional: false };
  return { port: WEB_PORT, isOptional: true };
}

function clusterWish(given: FlagValues, env: Environment): ClusterWish | undefined {
  const endpoints = listOf(given.values.get("endpoints")?.[0] ?? env["LATTICE_ENDPOINTS"] ?? "");
  return endpoints.length === 0 ? undefined : { endpoints, user: userOfWord(env["LATTICE_USER"]) };
}

function logOptions(given: FlagValues, mode: Mode, env: Environment): LogOptions | undefined {
  const level = given.values.get("log-level")?.[0] ?? nonEmpty(env["LATTICE_LOG_LEVEL"]);
  const format = given.values.get("log-format")?.[0] ?? nonEmpty(env["LATTICE_LOG_FORMAT"]);
  if (mode !== "daemon" && given.values.get("log-level") === undefined) return undefined;
  return {
    level: oneOf(LOG_LEVELS, level, "log level") ?? "info",
    format: oneOf(LOG_FORMATS, format, "log format"),
  };
}

function oneOf<T extends string>(known: readonly T[], text: string | undefined, what: string): T | undefined {
  if (text === undefined) return undefined;
  const found = known.find((each) => each === text);
  if (found !== undefined) return found;
  throw new UsageError(`"${text}" is no ${what}; give one of ${known.join(", ")}`);
}

function parsePort(text: string, where: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  const off = where === "LATTICE_WEB" ? ', or "off"' : "";
  throw new UsageError(`${where}: "${text}" is no port; give a number from 0 to 65535${off}`);
}

function envTypes(env: Environment): readonly string[] {
  return (env["LATTICE_TYPES"] ?? "").split(delimiter).filter((part) => part !== "");
}

/** `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; without a port the node chooses one. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const [, ipv6 = isIPv6(text) ? text : undefined, name, port] = match ?? [];
  const host = ipv6 !== undefined && isIPv6(ipv6) ? ipv6 : name;
  if (host === undefined || Number(port ?? 0) > 65_535) {
    throw new UsageError(`"${text}" is no address to listen on; write HOST, HOST:PORT or [IPV6]:PORT`);
  }
  return port === undefined ? { host } : { host, port: Number(port) };
}
