import { stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import * as grpc from "@grpc/grpc-js";
import { equalBytes, ERROR_CODES, LatticeError } from "@lattice/model";
import {
  daemon,
  DynamicStoreServiceClient,
  health,
  NodeServiceClient,
  StoreServiceClient,
} from "@lattice/proto";
import { serviceInfoOf } from "@lattice/store";
import {
  connect,
  Health,
  implementService,
  MESSAGE_BYTES_MAX,
  serveGrpc,
  type GrpcServer,
  type Handlers,
} from "../src/index.ts";
import { GRPC_STATUS_OF_CODE } from "../src/status.ts";
import {
  aborted,
  collect,
  connectTo,
  failureOf,
  fakeNode,
  scratchDirectory,
  serveFake,
} from "./fake-node.ts";

/** Another implementation's client: bytes in, bytes out. */
function plainClient(server: GrpcServer): grpc.Client {
  const client = new grpc.Client(`unix:${server.socketPath}`, grpc.credentials.createInsecure());
  onTestFinished(() => client.close());
  return client;
}

const same = (bytes: Buffer): Buffer => bytes;

function callPlain(client: grpc.Client, path: string, request: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, Buffer.from(request), (error, reply) =>
      error === null ? resolve(reply!) : reject(error),
    );
  });
}

async function statusOf(call: Promise<unknown>): Promise<grpc.ServiceError> {
  return (await call.then(
    () => {
      throw new Error("did not fail");
    },
    (error: unknown) => error,
  )) as grpc.ServiceError;
}

describe("implementService", () => {
  const methods = { describe: async () => ({}), call: async () => ({}), async *subscribe() {} };

  test("takes one handler for each method", () => {
    const handlers = implementService(DynamicStoreServiceClient, methods);
    expect(handlers.service.typeName).toBe("lattice.daemon.v1.DynamicStoreService");
  });

  test("refuses a missing handler, and one for no method", () => {
    const { describe: _, ...missing } = methods;
    const unchecked = (some: object) => some as Handlers<DynamicStoreServiceClient>;
    expect(() => implementService(DynamicStoreServiceClient, unchecked(missing))).toThrow(
      "no handler for describe",
    );
    expect(() =>
      implementService(DynamicStoreServiceClient, unchecked({ ...methods, calls: methods.call })),
    ).toThrow("has no method calls");
  });
});

describe("the socket", () => {
  test("is for its owner only, and gone after closing", async () => {
    const server = await serveFake();
    expect((await stat(server.socketPath)).mode & 0o777).toBe(0o600);
    await Promise.all([server.close(), server.close()]);
    await server[Symbol.asyncDispose]();
    await expect(stat(server.socketPath)).rejects.toThrow("ENOENT");
  });

  test("is not shared by two nodes", async () => {
    const server = await serveFake({ node: { getStatus: async () => ({ name: "first" }) } });
    const second = await failureOf(serveGrpc({ socketPath: server.socketPath, handlers: fakeNode() }));
    expect(second).toMatchObject({ code: "in-use", message: `a node runs on ${server.socketPath} already` });
    expect((await (await connectTo(server)).node.getStatus({})).name).toBe("first");
  });

  test("serves two nodes side by side", async () => {
    const servers = await Promise.all(
      ["a", "b"].map((name) => serveFake({ node: { getStatus: async () => ({ name }) } })),
    );
    const clients = await Promise.all(servers.map(connectTo));
    await servers[0]!.close();
    expect((await failureOf(clients[0]!.node.getStatus({}))).code).toBe("unavailable");
    expect((await clients[1]!.node.getStatus({})).name).toBe("b");
  });
});

describe("connecting", () => {
  test("says so where no node runs", async () => {
    const socketPath = join(await scratchDirectory(), "lattice.sock");
    expect(await failureOf(connect(socketPath))).toMatchObject({
      code: "unavailable",
      message: `no node runs on ${socketPath}: start one with "lattice --daemon"`,
    });
  });

  test("stops when its signal aborts", async () => {
    const socketPath = join(await scratchDirectory(), "mute.sock");
    const mute = createServer(() => controller.abort());
    const controller = new AbortController();
    await new Promise<void>((resolve) => mute.listen(socketPath, resolve));
    onTestFinished(() => void mute.close());
    expect((await failureOf(connect(socketPath, { signal: controller.signal }))).code).toBe("cancelled");
  });

  test("fails calls with unavailable when the node is gone, and reaches the next node", async () => {
    const server = await serveFake({ node: { getStatus: async () => ({ name: "first" }) } });
    const client = await connectTo(server);
    expect((await client.node.getStatus({})).name).toBe("first");
    await server.close();
    const error = await failureOf(client.node.getStatus({}));
    expect(error).toMatchObject({ code: "unavailable", retry: true });
    expect(error.message).toContain(server.socketPath);
    await serveFake(
      { node: { getStatus: async () => ({ name: "second" }) } },
      { socketPath: server.socketPath },
    );
    // gRPC backs off before it connects again; until then calls fail at once.
    for (;;) {
      const name = await client.node.getStatus({}).then(
        (status) => status.name,
        (reason: LatticeError) => reason.code,
      );
      if (name === "second") break;
      expect(name).toBe("unavailable");
    }
  });
});

describe("errors", () => {
  test.each(ERROR_CODES)("of code %s have their status, and their code in the metadata", async (code) => {
    const server = await serveFake({
      node: {
        getStatus: async () => {
          throw new LatticeError(code, "über", { details: { store: "köln" } });
        },
      },
    });
    const status = await statusOf(
      callPlain(plainClient(server), "/lattice.daemon.v1.NodeService/GetStatus", new Uint8Array()),
    );
    expect(status.code).toBe(GRPC_STATUS_OF_CODE[code]);
    expect(status.details).toBe("über");
    expect(status.metadata.get("lattice-code")).toEqual([code]);
    expect(status.metadata.get("lattice-details")).toEqual(['{"store":"k\\u00f6ln"}']);
  });

  test("are told for requests that are no messages, and for methods that are not there", async () => {
    const client = plainClient(await serveFake());
    const bad = await statusOf(
      callPlain(client, "/lattice.daemon.v1.NodeService/SetName", new Uint8Array([0x0a, 0x7f])),
    );
    expect(bad.metadata.get("lattice-code")).toEqual(["invalid-argument"]);
    const absent = await statusOf(
      callPlain(client, "/lattice.daemon.v1.NodeService/Nothing", new Uint8Array()),
    );
    expect(absent.code).toBe(grpc.status.UNIMPLEMENTED);
  });

  test("of gRPC itself become the nearest code", async () => {
    const server = await serveFake();
    const raw = new grpc.Server();
    raw.addService(
      {
        GetStatus: {
          path: "/lattice.daemon.v1.NodeService/GetStatus",
          requestStream: false,
          responseStream: false,
          requestSerialize: same,
          requestDeserialize: same,
          responseSerialize: same,
          responseDeserialize: same,
        },
      },
      {
        GetStatus: ((_call, callback) =>
          callback({ code: grpc.status.ABORTED, details: "foreign" })) as grpc.handleUnaryCall<
          Buffer,
          Buffer
        >,
      },
    );
    await server.close();
    await new Promise<void>((resolve, reject) =>
      raw.bindAsync(`unix:${server.socketPath}`, grpc.ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
    onTestFinished(() => raw.forceShutdown());
    const client = await connectTo(server);
    expect(await failureOf(client.node.getStatus({}))).toMatchObject({
      code: "conflict",
      message: "foreign",
      details: {},
    });
    expect((await failureOf(client.node.setName({ name: "x" }))).code).toBe("unimplemented");
    raw.forceShutdown();
    expect((await failureOf(client.node.getStatus({}))).code).toBe("unavailable");
  });

  test("name the value of a request that no message can hold", async () => {
    const client = await connectTo(await serveFake());
    const error = await failureOf(client.store.history({ store: "a", limit: -1 }));
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toContain("lattice.daemon.v1.PageRequest");
  });
});

describe("messages", () => {
  const echo = {
    dynamic: {
      call: async (request: daemon.CallRequest) => ({ message: request.message }),
      async *subscribe(request: daemon.CallRequest) {
        yield { message: request.message };
        yield { message: new Uint8Array(MESSAGE_BYTES_MAX) };
      },
    },
  };

  test("of nearly 8 MiB pass both ways", async () => {
    const client = await connectTo(await serveFake(echo));
    const message = new Uint8Array(MESSAGE_BYTES_MAX - 100).fill(7);
    expect(equalBytes((await client.dynamic.call({ message })).message, message)).toBe(true);
  });

  test("above that are refused both ways", async () => {
    const client = await connectTo(await serveFake(echo));
    const message = new Uint8Array(MESSAGE_BYTES_MAX);
    expect((await failureOf(client.dynamic.call({ message }))).code).toBe("too-large");
    const replies = client.dynamic.subscribe({ message: new Uint8Array(3) })[Symbol.asyncIterator]();
    expect((await replies.next()).value?.message).toHaveLength(3);
    expect((await failureOf(replies.next())).code).toBe("too-large");
  });

  test("above that are refused by the server whoever sends them", async () => {
    const client = plainClient(await serveFake(echo));
    const request = daemon.CallRequest.toBinary({
      store: "",
      method: "",
      message: new Uint8Array(MESSAGE_BYTES_MAX),
      resume: new Uint8Array(0),
    });
    const status = await statusOf(callPlain(client, "/lattice.daemon.v1.DynamicStoreService/Call", request));
    expect(status.code).toBe(grpc.status.RESOURCE_EXHAUSTED);
  });
});

test("a stream is produced no faster than its client reads", async () => {
  const COUNT = 4_000;
  let producedCount = 0;
  const text = "x".repeat(16 << 10);
  const client = await connectTo(
    await serveFake({
      node: {
        getStatus: async () => ({}),
        async *events() {
          for (; producedCount < COUNT; producedCount++) yield { text, timeMs: BigInt(producedCount) };
        },
      },
    }),
  );
  const events = client.node.events({})[Symbol.asyncIterator]();
  expect((await events.next()).value?.timeMs).toBe(0n);
  // On the same connection: what the server could do meanwhile, it did.
  for (let round = 0; round < 100; round++) await client.node.getStatus({});
  expect(producedCount).toBeLessThan(COUNT / 10);
  for (let at = 1; at < COUNT; at++) expect((await events.next()).value?.timeMs).toBe(BigInt(at));
  expect((await events.next()).done).toBe(true);
});

describe("closing the server", () => {
  test("ends every call with closed", async () => {
    const signals: AbortSignal[] = [];
    const running = Promise.withResolvers<void>();
    const server = await serveFake({
      node: {
        getStatus: (_, { signal }) => {
          signals.push(signal);
          running.resolve();
          return new Promise(() => {});
        },
        async *events(_, { signal }) {
          signals.push(signal);
          yield { text: "first" };
          await new Promise(() => {});
        },
      },
    });
    const client = await connectTo(server);
    const events = client.node.events({})[Symbol.asyncIterator]();
    await events.next();
    const ends = [failureOf(events.next()), failureOf(client.node.getStatus({}))];
    await running.promise;
    await server.close();
    for (const end of ends)
      expect(await end).toMatchObject({ code: "closed", message: "the node was closed" });
    await Promise.all(signals.map(aborted));
    expect(signals).toHaveLength(2);
  });

  test("does not wait for ever for a client that does not read", async () => {
    const server = await serveFake({
      node: {
        async *events() {
          for (let count = 0; count < 1_000; count++) yield { text: "x".repeat(64 << 10) };
        },
      },
    });
    const client = await connectTo(server);
    const events = client.node.events({})[Symbol.asyncIterator]();
    await events.next();
    await server.close();
    const rest = await failureOf(collect({ [Symbol.asyncIterator]: () => events }));
    expect(["closed", "unavailable"]).toContain(rest.code);
  });
});

describe("grpc.health.v1.Health", () => {
  const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = health.HealthCheckResponse_ServingStatus;
  const requestFor = (service: string): Buffer =>
    Buffer.from(health.HealthCheckRequest.toBinary({ service }));

  test("checks the node and each of its services", async () => {
    const state = new Health();
    const client = plainClient(await serveFake({}, { health: state }));
    const check = async (service: string) =>
      health.HealthCheckResponse.fromBinary(
        await callPlain(client, "/grpc.health.v1.Health/Check", requestFor(service)),
      ).status;
    expect(await check("")).toBe(SERVING);
    state.isServing = false;
    for (const service of [NodeServiceClient, StoreServiceClient, DynamicStoreServiceClient]) {
      expect(await check(serviceInfoOf<unknown>(service).typeName)).toBe(NOT_SERVING);
    }
    expect((await statusOf(check("no.Service"))).code).toBe(grpc.status.NOT_FOUND);
  });

  test("tells each change to whoever watches", async () => {
    const state = new Health();
    const client = plainClient(await serveFake({}, { health: state }));
    const watch = (service: string) => {
      const call = client.makeServerStreamRequest(
        "/grpc.health.v1.Health/Watch",
        same,
        same,
        requestFor(service),
      );
      call.on("error", () => {});
      onTestFinished(() => call.cancel());
      const replies = call.iterator({ destroyOnReturn: false });
      return async () => health.HealthCheckResponse.fromBinary((await replies.next()).value as Buffer).status;
    };
    const next = watch("");
    expect(await next()).toBe(SERVING);
    state.isServing = false;
    expect(await next()).toBe(NOT_SERVING);
    state.isServing = true;
    expect(await next()).toBe(SERVING);
    expect(await watch("no.Service")()).toBe(SERVICE_UNKNOWN);
  });
});
