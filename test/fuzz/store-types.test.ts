/** Requests, cursors, resume tokens and ops of the store types that ship, through a store that holds a bit of everything. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Store } from "../../packages/kernel/src/index.ts";
import { utf8 } from "../../packages/model/src/index.ts";
import type { StoreMethod } from "../../packages/store/src/index.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { outcomeLater } from "./outcome.ts";
import { openOn, requestsOf, sampleOf, types } from "./stores.ts";

/** What a caller can be told about a request; none of these says that the store is to blame. */
const CODES = [
  "invalid-argument",
  "too-large",
  "not-found",
  "ambiguous",
  "already-exists",
  "conflict",
  "failed-precondition",
] as const;

const samples = await Promise.all(types.map((type) => sampleOf(type)));

describe.each(samples)("a $type.type", (sample) => {
  const { type, rows } = sample;
  const methods = [...type.methods.values()];

  it("answers any request, or says what is wrong with it, and stays what it was", async () => {
    const store = openOn(type, rows);
    const cursors = await cursorsOf(store);
    const encoded = methods.map((method) => ({ method, samples: encodedRequests(method, cursors) }));
    const anyRequest = fc.oneof(
      ...encoded.map(({ method, samples: requests }) =>
        mutateBytes(requests).map((bytes) => ({ name: method.info.localName, bytes })),
      ),
    );
    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ name, bytes }) => {
        const { info } = type.methods.get(name)!;
        const request = parsed(info.I, bytes);
        if (request === undefined) return;
        await outcomeLater(CODES, () => ask(store, name, request));
      }),
      fuzzRuns(1500),
    );
    // An answer, and no failure from before.
    await expect(store.call("count", {})).resolves.toBeDefined();
    await store.close();
  });

  /** All requests of the type, with each cursor and token that it gives, in each place. */
  function encodedRequests({ info }: StoreMethod, cursors: readonly Uint8Array[]): Uint8Array[] {
    const requests = requestsOf(type).filter(([name]) => name === info.localName);
    const plain = requests.map(([, request]) => request);
    const places = ["cursor", "resume"].filter((field) =>
      info.I.fields.some(({ localName }) => localName === field),
    );
    const placed = places.flatMap((field) => cursors.map((cursor) => ({ key: utf8("k"), [field]: cursor })));
    return [{}, ...plain, ...placed].map((request) => info.I.toBinary(info.I.create(request)));
  }
});

function parsed(message: StoreMethod["info"]["I"], bytes: Uint8Array): object | undefined {
  try {
    return message.fromBinary(bytes);
  } catch {
    return undefined;
  }
}

async function ask(store: Store, name: string, request: object): Promise<object> {
  if (store.type.methods.get(name)!.kind !== "stream") return await store.call(name, request);
  for await (const event of store.subscribe(name, request)) {
    if ((event as { resume: Uint8Array }).resume.length > 0) return event;
  }
  return {};
}

/** Everything that the type gives to be passed back. */
async function cursorsOf(store: Store): Promise<Uint8Array[]> {
  const answers: object[] = [];
  for (const [name, request] of requestsOf(store.type)) {
    if (store.type.methods.get(name)!.kind !== "command") {
      answers.push(await ask(store, name, { ...request, limit: 1 }));
    }
  }
  return answers.flatMap((answer) => {
    const { next, resume } = answer as { next?: Uint8Array; resume?: Uint8Array };
    return [next, resume].filter((bytes) => bytes !== undefined && bytes.length > 0) as Uint8Array[];
  });
}
