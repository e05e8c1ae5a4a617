/** The methods of a store's type, from the descriptors that its node gives: nothing here knows any type by name. */
import { daemon } from "@lattice/proto";
import type { LatticeClient } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import { UsageError } from "./errors.ts";
import { namedFields, parseArguments, positionalFields, type ArgumentWords } from "./fields/arguments.ts";
import { hasPresence, isBool, isRepeated, type MessageType } from "./fields/message.ts";
import { helpOf, kebabCase } from "./fields/names.ts";
import type { Reflection } from "./node-access.ts";

export interface StoreMethod {
  /** As it is typed. */
  readonly name: string;
  /** As the node calls it. */
  readonly rpc: string;
  readonly kind: "command" | "query" | "stream";
  readonly summary: string;
  readonly request: MessageType;
  readonly reply: MessageType;
  readonly usage: string;
  readonly arguments: readonly { readonly name: string; readonly help: string }[];
}

const KINDS = {
  [daemon.Method_Kind.UNSPECIFIED]: "query",
  [daemon.Method_Kind.COMMAND]: "command",
  [daemon.Method_Kind.QUERY]: "query",
  [daemon.Method_Kind.STREAM]: "stream",
} as const;

export async function describeMethods(
  client: LatticeClient,
  store: string,
  options: { reflect: (descriptors: Uint8Array) => Promise<Reflection>; signal: AbortSignal },
): Promise<ReadonlyMap<string, StoreMethod>> {
  const description = await client.dynamic.describe({ store }, { signal: options.signal });
  const service = (await options.reflect(description.descriptors)).service(description.service);
  const methods = new Map<string, StoreMethod>();
  for (const { name: rpc, kind, summary } of description.methods) {
    const info = service.methods.find((method) => method.name === rpc || method.localName === rpc);
    if (info === undefined) {
      throw new LatticeError(
        "internal",
        `the node describes ${description.service}.${rpc}, but not its messages`,
      );
    }
    const shape: MethodShape = { name: kebabCase(info.name), kind: KINDS[kind] ?? "query", request: info.I };
    const described = { usage: usageOf(shape), arguments: argumentsOf(shape.request) };
    methods.set(shape.name, { ...shape, ...described, rpc, summary, reply: info.O });
  }
  return methods;
}

/** The encoded request that the words stand for. */
export function encodeRequest(method: StoreMethod, given: ArgumentWords, input?: Uint8Array): Uint8Array {
  try {
    const request = parseArguments(method.request, given, {
      isComplete: method.kind === "command",
      input,
    });
    return method.request.toBinary(request as Record<string, unknown>);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, method.usage) : error;
  }
}

type MethodShape = Pick<StoreMethod, "name" | "kind" | "request">;

function usageOf({ name, kind, request }: MethodShape): string {
  const positional = positionalFields(request).map((field) => {
    const word = kebabCase(field.name).toUpperCase() + (isRepeated(field) ? "…" : "");
    return kind === "command" && !hasPresence(field) ? word : `[${word}]`;
  });
  const named = namedFields(request).map((field) => {
    const word = kebabCase(field.name);
    if (isBool(field) && !isRepeated(field)) return `[--${word}]`;
    const value = field.kind === "map" ? "KEY=VALUE" : word.toUpperCase();
    return `[${word}=${value}]${isRepeated(field) || field.kind === "map" ? "…" : ""}`;
  });
  return [name, ...positional, ...named].join(" ");
}

function argumentsOf(request: MessageType): StoreMethod["arguments"] {
  return request.fields.map((field) => ({ name: kebabCase(field.name), help: helpOf(field) }));
}
