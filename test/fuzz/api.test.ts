import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { describeService, messageTypesOf, nodeHandlers, callUnary } from "../../packages/api/src/index.ts";
import { decodeMessage } from "../../packages/api/src/messages.ts";
import { Reflection } from "../../packages/api/src/reflection.ts";
import { decodeError, encodeError } from "../../packages/api/src/wire-error.ts";
import { kvstoreV1 } from "../../packages/kvstore/src/index.ts";
import { logstoreV1 } from "../../packages/logstore/src/index.ts";
import { ERROR_CODES, LatticeError, utf8 } from "../../packages/model/src/index.ts";
import { createRoot, Mesh, put } from "../../packages/node/test/mesh.ts";
import { daemon, reflection } from "../../packages/proto/src/index.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { outcomeLater, outcomeOf } from "./outcome.ts";

const expected = ERROR_CODES.filter((code) => code !== "internal" && code !== "corrupt" && code !== "closed");
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("descriptors", () => {
  const services = [kvstoreV1.KvStore, logstoreV1.LogStore, daemon.StoreService];

  it("of any bytes give a service that can be described again, or are refused", () => {
    const described = services.map((service) => describeService(service));
    fc.assert(
      fc.property(mutateBytes(described, { changesMax: 3 }), (bytes) => {
        const types = outcomeOf(["invalid-argument", "too-large"], () => messageTypesOf(bytes));
        if (types === undefined) return;
        for (const { typeName } of services) {
          const codes = ["not-found", "invalid-argument", "unimplemented"] as const;
          const service = outcomeOf(codes, () => types.service(typeName));
          for (const { I } of service?.methods ?? []) I.fromBinary(I.toBinary(I.create()));
        }
      }),
      fuzzRuns(400),
    );
  });

  it("are given for any name that is asked for, or an answer that there are none", () => {
    const state = new Reflection(services);
    const { I, O } = reflection.ServerReflection.methods[0]!;
    const requests: reflection.ServerReflectionRequest["messageRequest"][] = [
      { oneofKind: "fileByFilename", fileByFilename: "lattice/kvstore/v1/kvstore.proto" },
      { oneofKind: "fileContainingSymbol", fileContainingSymbol: "lattice.kvstore.v1.KvStore.Put" },
      { oneofKind: "listServices", listServices: "" },
    ];
    const encoded = requests.map((messageRequest) => I.toBinary({ host: "", messageRequest }));
    fc.assert(
      fc.property(mutateBytes(encoded), (bytes) => {
        const request = outcomeOf(["invalid-argument"], () => decodeMessage(I, bytes, "invalid-argument"));
        if (request === undefined) return;
        const answer = outcomeOf([], () => state.answer(request as reflection.ServerReflectionRequest))!;
        expect(O.fromBinary(O.toBinary(answer))).toBeDefined();
      }),
      fuzzRuns(1500),
    );
  });
});

describe("an error off the wire", () => {
  it("is one of this project, with details that are texts, whatever came", () => {
    const sent = encodeError(new LatticeError("conflict", "no \u{1F600}", { details: { store: "köln" } }));
    const codes = mutateBytes([utf8("conflict"), utf8("internal")]);
    const details = mutateBytes([
      utf8(sent.metadata["lattice-details"]!),
      utf8('{"a":{"b":[1]},"__proto__":"x"}'),
    ]);
    fc.assert(
      fc.property(codes, details, mutateBytes([utf8(sent.text)]), (code, detail, message) => {
        const metadata = new Map([
          ["lattice-code", text(code)],
          ["lattice-details", text(detail)],
        ]);
        const error = outcomeOf([], () => decodeError(text(message), (key) => metadata.get(key)))!;
        expect(ERROR_CODES).toContain(error.code);
        expect(Object.values(error.details).every((value) => typeof value === "string")).toBe(true);
        expect(error.message).not.toMatch(/[\n\r]/);
        expect(decodeError(...again(error))).toMatchObject({ code: error.code, message: error.message });
      }),
      fuzzRuns(2500),
    );
  });
});

function again(error: LatticeError): Parameters<typeof decodeError> {
  const wire = encodeError(error);
  return [wire.text, (key) => wire.metadata[key]];
}

describe("a node", async () => {
  const mesh = new Mesh();
  afterAll(() => mesh[Symbol.asyncDispose]());
  const node = await mesh.node("a");
  const store = await createRoot(node);
  await put(store, "k", "v");
  const handlers = nodeHandlers(node, { dataDirectory: "", version: "", pid: 1, warnings: [] });
  const { id } = store.log.at(1).intention;
  const cursor = new Uint8Array(8).fill(0, 0, 7).with(7, 1);
  const message = kvstoreV1.GetRequest.toBinary({ key: utf8("k") });
  const asked: Readonly<Record<string, object>> = {
    Resolve: { store: "notes" },
    Status: { store: "notes" },
    SetName: { store: "notes", name: "notes" },
    History: { store: "notes", limit: 2, cursor },
    Log: { store: "notes", limit: 2, cursor },
    Floating: { store: "notes", limit: 2, cursor: id },
    Tips: { store: "notes" },
    Intention: { store: "notes", prefix: Buffer.from(id.subarray(8, 14)).toString("hex") },
    Forks: { store: "notes" },
    Digest: { store: "notes" },
    ListPeers: { store: "notes" },
    Invite: { store: "notes", role: "writer", expiresInMs: 5n },
    ListInvites: { store: "notes" },
    Uninvite: { store: "notes", invite: "00" },
    Describe: { store: "notes" },
    Call: { store: "notes", method: "Get", message },
  };
  const methods = [handlers.store, handlers.dynamic].flatMap((service) =>
    service.service.methods
      .filter(({ name }) => name in asked)
      .map((method) => ({
        service,
        method,
        request: method.I.toBinary(method.I.create(asked[method.name]!)),
      })),
  );

  it("answers any request, or says what is wrong with it", async () => {
    expect(methods).toHaveLength(Object.keys(asked).length);
    const anyCall = fc.oneof(
      ...methods.map(({ request }, at) => fc.record({ at: fc.constant(at), bytes: mutateBytes([request]) })),
    );
    await fc.assert(
      fc.asyncProperty(anyCall, async ({ at, bytes }) => {
        const { service, method } = methods[at]!;
        const decoded = outcomeOf(["invalid-argument"], () =>
          decodeMessage(method.I, bytes, "invalid-argument"),
        );
        if (decoded === undefined) return;
        const reply = await outcomeLater(expected, () => callUnary(service, method, decoded));
        if (reply !== undefined) method.O.toBinary(reply);
      }),
      fuzzRuns(800),
    );
  });
});
