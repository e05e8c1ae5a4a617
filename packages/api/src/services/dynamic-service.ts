/** `DynamicStoreService` over a node: the methods of a store's own type, by reflection. */
import { LatticeError } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import type { Node } from "@lattice/node";
import { daemon, DynamicStoreServiceClient } from "@lattice/proto";
import type { StoreMethod } from "@lattice/store";
import { SUMMARY_OPTION } from "../descriptors/custom-options.ts";
import { positionOf, setPosition } from "../position.ts";
import { describeService } from "../descriptors/describe-service.ts";
import { implementService, type ServiceHandlers } from "../handlers.ts";

const { Method_Kind: Kind } = daemon;

const KINDS = { command: Kind.COMMAND, query: Kind.QUERY, stream: Kind.STREAM } as const;

export function dynamicStoreService(node: Node): ServiceHandlers<DynamicStoreServiceClient> {
  return implementService(DynamicStoreServiceClient, {
    describe: async ({ store }) => {
      const { type } = node.open(store);
      return {
        descriptors: describeService(type.service),
        service: type.service.typeName,
        methods: [...type.methods.values()].map(({ kind, info }) => ({
          name: info.name,
          kind: KINDS[kind],
          summary: String(info.options[SUMMARY_OPTION] ?? ""),
        })),
        explains: type.explain !== undefined,
      };
    },
    call: async ({ store, method: name, message }, { signal }) => {
      const opened = node.open(store);
      const { info } = methodOf(opened, name);
      const reply = await opened.call(info.localName, decode(info.I, message, name), { signal });
      return { message: info.O.toBinary(reply) };
    },
    subscribe: (request, { signal }) => subscribe(node, request, signal),
  });
}

async function* subscribe(
  node: Node,
  { store, method: name, message, resume }: daemon.CallRequest,
  signal: AbortSignal,
) {
  const opened = node.open(store);
  const { info } = methodOf(opened, name);
  const request = decode(info.I, message, name);
  if (resume.length > 0) setPosition(info.I, request, resume);
  for await (const event of opened.subscribe(info.localName, request, { signal })) {
    yield { message: info.O.toBinary(event), resume: positionOf(info.O, event) };
  }
}

function methodOf(store: Store, name: string): StoreMethod {
  const method = [...store.type.methods.values()].find(
    ({ info }) => info.name === name || info.localName === name,
  );
  if (method !== undefined) return method;
  const known = [...store.type.methods.values()].map(({ info }) => info.name).join(", ");
  throw new LatticeError("unimplemented", `a ${store.type.type} has no method ${name}; it has ${known}`);
}

function decode(type: StoreMethod["info"]["I"], message: Uint8Array, method: string): object {
  try {
    return type.fromBinary(message);
  } catch (cause) {
    throw new LatticeError("invalid-argument", `the message is no request of ${method}`, { cause });
  }
}
