/**
 * A gRPC server that answers a put with an etcd-sized header, for a measurement to call: `serve-grpc.ts own|native|grpc-js`.
 * Says its port, and for each message the CPU time that it has used, in microseconds.
 */
import grpc from "@grpc/grpc-js";
import { openFront, openNativeFront, type Method } from "@lattice/grpc-front";

const PATH = "/etcdserverpb.KV/Put";
const LATER = "/etcdserverpb.KV/PutLater";
const response = Buffer.alloc(28, 1);
const host = "127.0.0.1";

process.send!(await open(process.argv[2]));
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send!(user + system);
});

async function open(kind: string | undefined): Promise<number> {
  if (kind === "grpc-js") return openGrpcJs();
  const methods = new Map<string, Method>([
    [PATH, { kind: "unary", handle: () => response }],
    // As what waits for a disk or for others.
    [LATER, { kind: "unary", handle: () => new Promise((resolve) => setImmediate(resolve, response)) }],
  ]);
  const front = await (kind === "own" ? openFront : openNativeFront)({ methods, host, port: 0 });
  return front.port;
}

function openGrpcJs(): Promise<number> {
  const method = (path: string) => ({
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  });
  const server = new grpc.Server();
  const put: grpc.handleUnaryCall<Buffer, Buffer> = (_, answer) => answer(null, response);
  const putLater: grpc.handleUnaryCall<Buffer, Buffer> = (_, answer) => setImmediate(answer, null, response);
  server.addService({ put: method(PATH), putLater: method(LATER) }, { put, putLater });
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:0`, grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}
