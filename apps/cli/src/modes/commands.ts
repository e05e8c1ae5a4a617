/** The modes that run commands: where their node comes from, and how it is left in the end. */
import type { LatticeClient } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import { askSecretly } from "../ask-secretly.ts";
import { findCommand } from "../commands/registry.ts";
import { streamConsole } from "../console.ts";
import type { Invocation } from "../invocation.ts";
import { Session, type SessionOptions } from "../session.ts";
import { StateFiles } from "../state-files.ts";
import { quoteForShell } from "../tokenizer.ts";
import type { World } from "../world.ts";
import { openNode } from "./open-node.ts";
import { runOneShot } from "./one-shot.ts";
import { runRepl } from "./repl.ts";
import { runScript } from "./script.ts";
import { ReplConsole } from "./repl-console.ts";

export interface CommandInvocation extends Invocation {
  readonly mode: "repl" | "script" | "one-shot";
}

interface Node {
  connect(): Promise<LatticeClient>;
  close(): Promise<void>;
}

export async function runCommands(world: World, invocation: CommandInvocation): Promise<number> {
  const isEmbedded = invocation.embedded && findCommand(invocation.words)?.needsNoNode !== true;
  const node = isEmbedded ? await embeddedNode(world, invocation) : daemonNode(world, invocation);
  const console =
    invocation.mode === "repl"
      ? new ReplConsole(world, invocation.color)
      : streamConsole(world, invocation.color);
  const session = new Session({
    mode: invocation.mode,
    console,
    json: invocation.json,
    verbose: invocation.verbose,
    bytes: invocation.bytes,
    raw: invocation.raw,
    ...(invocation.mode === "one-shot" && { readInput: () => readAll(world), ...asking(world) }),
    dataDirectory: invocation.dataDirectory,
    typedBefore: invocation.mode === "one-shot" ? typedBefore(invocation) : [],
    env: world.env,
    store: invocation.store,
    files: new StateFiles(invocation.dataDirectory),
    connect: () => node.connect(),
    reflect: (descriptors) => world.node.reflect(descriptors),
  });
  try {
    if (console instanceof ReplConsole) return await runRepl(world, session, console);
    if (invocation.mode === "script") return await runScript(world, session);
    return await runOneShot(world, session, invocation.words);
  } finally {
    await session.close();
    await node.close();
  }
}

function asking(world: World): Pick<SessionOptions, "ask"> {
  if (world.input.isTTY !== true) return {};
  return { ask: (prompts, signal) => askSecretly(world, prompts, signal) };
}

function typedBefore({ embedded, hasOwnDataDirectory, dataDirectory, store }: Invocation): readonly string[] {
  return [
    "lattice",
    ...(embedded ? ["--embedded"] : []),
    ...(hasOwnDataDirectory ? ["--data", dataDirectory] : []),
    ...(store === undefined ? [] : ["--store", store]),
  ];
}

async function embeddedNode(world: World, invocation: Invocation): Promise<Node> {
  const node = await openNode(world, invocation);
  // Beside the answers, which may be for a program.
  if (node.web !== undefined) streamConsole(world).err(`lattice: web ${node.web.link()}`);
  return { connect: () => Promise.resolve(node.client), close: () => node.close() };
}

function daemonNode(world: World, invocation: Invocation): Node {
  const connect = async (): Promise<LatticeClient> => {
    try {
      return await world.node.connect(invocation.dataDirectory);
    } catch (error) {
      throw noDaemon(invocation, error);
    }
  };
  return { connect, close: () => Promise.resolve() };
}

/** Says how to get what was missing. */
function noDaemon(invocation: Invocation, cause: unknown): unknown {
  if (!(cause instanceof LatticeError) || cause.code !== "unavailable") return cause;
  const data = invocation.hasOwnDataDirectory ? ` --data ${quoteForShell(invocation.dataDirectory)}` : "";
  return new LatticeError(
    "unavailable",
    `no node runs on ${invocation.dataDirectory}; start one with: lattice --daemon${data} (or add --embedded)`,
    { cause },
  );
}

async function readAll({ input }: World): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of input) parts.push(part as Uint8Array);
  return Buffer.concat(parts);
}
