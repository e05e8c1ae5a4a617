import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import * as grpc from "@grpc/grpc-js";
import { daemon, descriptor, NodeServiceClient, reflection } from "@lattice/proto";
import { serviceInfoOf } from "@lattice/store";
import { messageTypesOf } from "../src/index.ts";
import { serveFake } from "./fake-node.ts";

type Ask = (
  request: reflection.ServerReflectionRequest["messageRequest"],
) => Promise<reflection.ServerReflectionResponse>;

const BUF = new URL("../../../node_modules/.bin/buf", import.meta.url).pathname;
const PATH = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

async function reflectionStream(): Promise<{ ask: Ask; call: grpc.ClientDuplexStream<Buffer, Buffer> }> {
  const server = await serveFake();
  const client = new grpc.Client(`unix:${server.socketPath}`, grpc.credentials.createInsecure());
  const same = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest(PATH, same, same);
  call.on("error", () => {});
  onTestFinished(() => {
    call.cancel();
    client.close();
  });
  const replies = call.iterator({ destroyOnReturn: false });
  const ask: Ask = async (messageRequest) => {
    call.write(Buffer.from(reflection.ServerReflectionRequest.toBinary({ host: "here", messageRequest })));
    const { value } = await replies.next();
    return reflection.ServerReflectionResponse.fromBinary(value as Buffer);
  };
  return { ask, call };
}

function filesOf({ messageResponse }: reflection.ServerReflectionResponse): Uint8Array[] {
  if (messageResponse.oneofKind !== "fileDescriptorResponse")
    throw new Error(JSON.stringify(messageResponse));
  return messageResponse.fileDescriptorResponse.fileDescriptorProto;
}

describe("grpc.reflection.v1.ServerReflection", () => {
  test("lists the services", async () => {
    const { ask } = await reflectionStream();
    const reply = await ask({ oneofKind: "listServices", listServices: "" });
    expect(reply.validHost).toBe("here");
    expect(reply.originalRequest?.messageRequest.oneofKind).toBe("listServices");
    expect(reply.messageResponse).toMatchObject({
      listServicesResponse: {
        service: [
          { name: "lattice.daemon.v1.NodeService" },
          { name: "lattice.daemon.v1.StoreService" },
          { name: "lattice.daemon.v1.DynamicStoreService" },
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
        ],
      },
    });
  });

  test("gives the file of a service, a method, a message and a nested enum, by name too", async () => {
    const { ask } = await reflectionStream();
    for (const fileContainingSymbol of [
      "lattice.daemon.v1.StoreService",
      "lattice.daemon.v1.NodeService.GetStatus",
      "lattice.daemon.v1.NodeStatus",
      "lattice.daemon.v1.NodeEvent.Kind",
    ]) {
      const files = filesOf(await ask({ oneofKind: "fileContainingSymbol", fileContainingSymbol }));
      const file = descriptor.FileDescriptorProto.fromBinary(files[0]!);
      expect(file.name).toBe("lattice/daemon/v1/daemon.proto");
      expect(filesOf(await ask({ oneofKind: "fileByFilename", fileByFilename: file.name! }))).toEqual(files);
      const set = descriptor.FileDescriptorSet.toBinary({ file: [file] });
      const { methods } = messageTypesOf(set).service("lattice.daemon.v1.NodeService");
      expect(methods.map(({ name }) => name)).toEqual(
        serviceInfoOf(NodeServiceClient).methods.map(({ name }) => name),
      );
    }
  });

  test("says NOT_FOUND for what is not there, and goes on", async () => {
    const { ask } = await reflectionStream();
    for (const request of [
      { oneofKind: "fileByFilename", fileByFilename: "nothing.proto" },
      { oneofKind: "fileContainingSymbol", fileContainingSymbol: "no.Symbol" },
      {
        oneofKind: "fileContainingExtension",
        fileContainingExtension: { containingType: "a.B", extensionNumber: 1 },
      },
      { oneofKind: "allExtensionNumbersOfType", allExtensionNumbersOfType: "a.B" },
    ] as const) {
      expect((await ask(request)).messageResponse).toMatchObject({
        errorResponse: { errorCode: grpc.status.NOT_FOUND },
      });
    }
    expect((await ask({ oneofKind: undefined })).messageResponse).toMatchObject({
      errorResponse: { errorCode: grpc.status.INVALID_ARGUMENT },
    });
  });

  test("ends when the client does", async () => {
    const { ask, call } = await reflectionStream();
    await ask({ oneofKind: "listServices", listServices: "" });
    const status = new Promise<grpc.StatusObject>((resolve) => call.on("status", resolve));
    call.end();
    call.resume();
    expect((await status).code).toBe(grpc.status.OK);
  });

  test("ends with a status on what is no request", async () => {
    const { call } = await reflectionStream();
    const status = new Promise<grpc.StatusObject>((resolve) => call.on("status", resolve));
    call.write(Buffer.from([0x0a, 0x7f]));
    call.resume();
    expect((await status).code).toBe(grpc.status.INVALID_ARGUMENT);
  });

  test("lets another implementation call the node without its .proto files", async () => {
    const { socketPath } = await serveFake({
      node: {
        async *events() {
          yield { kind: daemon.NodeEvent_Kind.PEER_CONNECTED, text: "köln", timeMs: 2n ** 60n };
          yield { kind: daemon.NodeEvent_Kind.GAP };
        },
      },
      store: { status: async ({ store }) => ({ role: store, rejected: { "bad-signature": 3n } }) },
    });
    const curl = async (method: string, request: object): Promise<string> => {
      const target = ["--unix-socket", socketPath, `http://localhost/lattice.daemon.v1.${method}`];
      const { stdout } = await promisify(execFile)(BUF, [
        "curl",
        "--protocol",
        "grpc",
        "-d",
        JSON.stringify(request),
        ...target,
      ]);
      return stdout.replace(/\s/g, "");
    };
    expect(await curl("StoreService/Status", { store: "mine" })).toBe(
      '{"role":"mine","rejected":{"bad-signature":"3"}}',
    );
    expect(await curl("NodeService/Events", {})).toBe(
      '{"kind":"KIND_PEER_CONNECTED","timeMs":"1152921504606846976","text":"köln"}{"kind":"KIND_GAP"}',
    );
  });
});
