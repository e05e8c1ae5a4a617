import { Validator } from "@seriousme/openapi-schema-validator";
import { kvstore, kvstoreV1 } from "@lattice/kvstore";
import { logstore } from "@lattice/logstore";
import { describe, expect, test } from "vitest";
import { LatticeError } from "@lattice/model";
import { daemon } from "@lattice/proto";
import { serve, TOKEN, type Served } from "./fake-node.ts";

type Json = { readonly [name: string]: Json } & readonly Json[] & string;
type Operations = Readonly<Record<string, Json>>;

const types = [kvstore, logstore];

async function open(): Promise<Served> {
  return await serve(
    {
      node: { async *events() {} },
      store: { resolve: async ({ store }) => ({ name: store, type: store }) },
    },
    { types, version: "1.2.3" },
  );
}

async function openApi(): Promise<Json> {
  const served = await open();
  const headers = { authorization: `Bearer ${TOKEN}` };
  return (await served.ask("/api/openapi.json", { headers })).json as unknown as Json;
}

/** Every `$ref` in it. */
function* references(value: unknown): Iterable<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === "$ref" && typeof inner === "string") yield inner;
    else yield* references(inner);
  }
}

describe("/api/openapi.json", () => {
  test("is an OpenAPI 3.1 document by its own schema", async () => {
    const document = await openApi();
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(document).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
  });

  test("refers to nothing that is not in it, and has nothing that is not referred to", async () => {
    const document = await openApi();
    const referred = new Set(references(document));
    for (const reference of referred) {
      const found = reference
        .slice(2)
        .split("/")
        .reduce<Json | undefined>((at, name) => at?.[name], document);
      expect(found, reference).toBeDefined();
    }
    const schemas = Object.keys(document["components"]!["schemas"]!);
    expect(schemas.filter((name) => !referred.has(`#/components/schemas/${name}`))).toEqual([]);
  });

  test("has every method of the node and of the store types, with its summary", async () => {
    const document = await openApi();
    const paths = document["paths"] as unknown as Operations;
    const create = paths["/api/lattice.daemon.v1.StoreService/Create"]!;
    expect(create["post"]).toMatchObject({
      summary: "Create a store: a root, or a child of another store",
      requestBody: {
        content: {
          "application/json": {
            schema: { $ref: "#/components/schemas/lattice.daemon.v1.CreateStoreRequest" },
          },
        },
      },
    });
    expect(create["get"]).toBeUndefined();
    expect(paths["/api/lattice.kvstore.v1.KvStore/Get"]).toMatchObject({
      post: { summary: "The value of a key", description: "For stores of core:kvstore." },
      get: { operationId: "lattice.kvstore.v1.KvStore.Get.get" },
      parameters: expect.arrayContaining([{ $ref: "#/components/parameters/store" }]),
    });
    expect(paths["/api/lattice.kvstore.v1.KvStore/Put"]!["get"]).toBeUndefined();
    const watch = paths["/api/lattice.kvstore.v1.KvStore/Watch"]!["post"]!["responses"]!["200"]!;
    expect(watch).toMatchObject({
      content: { "text/event-stream": {} },
      "x-event-data": { $ref: "#/components/schemas/lattice.kvstore.v1.WatchEvent" },
    });
    const own = [daemon.NodeService, daemon.StoreService, daemon.DynamicStoreService];
    const methods = [...types.map(({ service }) => service), ...own];
    for (const { typeName, methods: its } of methods) {
      for (const { name } of its) expect(paths, name).toHaveProperty([`/api/${typeName}/${name}`]);
    }
    const operationIds = Object.values(paths).flatMap((operations) =>
      Object.values(operations).flatMap((operation) =>
        operation["operationId"] === undefined ? [] : [operation["operationId"]],
      ),
    );
    expect(new Set(operationIds).size).toBe(operationIds.length);
  });

  test("every path of it answers, by every method that it names", async () => {
    const document = await openApi();
    const served = await open();
    const methods = ["get", "post", "delete"];
    for (const [path, operations] of Object.entries(document["paths"] as unknown as Operations)) {
      for (const method of methods.filter((name) => name in operations)) {
        // Streams that have nothing to end them by are asked for a moment only.
        const headers = { authorization: `Bearer ${TOKEN}`, "lattice-timeout-ms": "50" };
        const { status, json } = await served.ask(`${path}?store=core:kvstore`, {
          method: method.toUpperCase(),
          headers,
        });
        const isHandler = [200, 204, 400, 412, 501, 504].includes(status);
        expect({ path, method, isHandler }, JSON.stringify(json)).toEqual({ path, method, isHandler: true });
      }
    }
  });

  test("describes what is really sent", async () => {
    const document = await openApi();
    const schemas = document["components"]!["schemas"] as unknown as Record<
      string,
      { properties: Record<string, unknown> }
    >;
    expect(schemas["lattice.daemon.v1.StoreStatus"]!.properties).toMatchObject({
      store: { anyOf: [{ $ref: "#/components/schemas/lattice.daemon.v1.Store" }, { type: "null" }] },
      intentionCount: { type: "string", format: "uint64" },
      livePeers: { type: "array", items: { type: "string", contentEncoding: "base64" } },
      rejected: { type: "object", additionalProperties: { type: "string" } },
      projectionPaused: { type: "string" },
    });
    expect(schemas["lattice.kvstore.v1.PutRequest"]!.properties["if"]).toMatchObject({
      description: "only where the heads are these",
    });
  });
});

describe("a method of a store's type", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  test("goes to the store that is named, in JSON and in binary", async () => {
    const seen: daemon.CallRequest[] = [];
    const served = await serve(
      {
        store: { resolve: async () => ({ type: "core:kvstore" }) },
        dynamic: {
          call: async (request) => {
            seen.push(request);
            return { message: kvstoreV1.GetReply.toBinary({ value: bytes("world"), conflicted: false }) };
          },
        },
      },
      { types },
    );
    const { json } = await served.call("lattice.kvstore.v1.KvStore/Get?store=notes", { key: btoa("hello") });
    expect(json).toEqual({ value: btoa("world"), conflicted: false });
    expect(seen).toMatchObject([{ store: "notes", method: "Get" }]);
    expect(kvstoreV1.GetRequest.fromBinary(seen[0]!.message)).toEqual({ key: bytes("hello") });
  });

  test("streams, and goes on where its reader was", async () => {
    const seen: Uint8Array[] = [];
    const served = await serve(
      {
        store: { resolve: async () => ({ type: "core:kvstore" }) },
        dynamic: {
          async *subscribe({ message }) {
            seen.push(kvstoreV1.WatchRequest.fromBinary(message).resume);
            const event = kvstoreV1.WatchEvent.create({ key: bytes("a"), resume: new Uint8Array([5]) });
            yield { message: kvstoreV1.WatchEvent.toBinary(event) };
          },
        },
      },
      { types },
    );
    const ask = { method: "GET", body: "", headers: { "last-event-id": "BA" } };
    const { text } = await served.call("KvStore/Watch?store=notes", {}, ask);
    expect(text).toContain('id: BQ\ndata: {"kind":"KIND_UNSPECIFIED","key":"YQ=="');
    expect(seen).toEqual([new Uint8Array([4])]);
  });

  test.each([
    ["no store", "", 400, "invalid-argument"],
    ["a store that there is not", "?store=nowhere", 404, "not-found"],
    ["a store of another type", "?store=log", 412, "failed-precondition"],
  ])("with %s is refused", async (_, query, status, code) => {
    const served = await serve(
      {
        store: {
          resolve: async ({ store }) => {
            if (store === "log") return { type: "core:logstore" };
            throw new LatticeError("not-found", "there is no such store");
          },
        },
        dynamic: { call: async () => ({}), async *subscribe() {} },
      },
      { types },
    );
    for (const method of ["Get", "Watch"]) {
      expect(await served.call(`KvStore/${method}${query}`)).toMatchObject({ status, json: { code } });
    }
  });
});
