/** A server of etcd's own, where it is installed: what this package is compared with. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, Metadata, makeGenericClientConstructor } from "@grpc/grpc-js";
import type { TranscriptSubject } from "./transcript.ts";

export const hasEtcd: boolean = /Version: 3\.4\./.test(
  spawnSync("etcd", ["--version"]).stdout?.toString() ?? "",
);

export interface EtcdProcess extends TranscriptSubject, AsyncDisposable {}

export async function startEtcd(): Promise<EtcdProcess> {
  const directory = mkdtempSync(join(tmpdir(), "lattice-etcd-"));
  const [client, peer] = [await freePort(), await freePort()];
  const peerUrl = `http://127.0.0.1:${peer}`;
  const clientUrl = `http://127.0.0.1:${client}`;
  const args = ["--name", "e", "--data-dir", directory, "--initial-cluster", `e=${peerUrl}`];
  args.push("--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl);
  args.push("--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl);
  const etcd = spawn("etcd", args, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(etcd, "exit");
  await new Promise<void>((resolve, reject) => {
    etcd.stderr.on("data", (text: Buffer) => {
      if (text.includes("ready to serve client requests")) resolve();
    });
    etcd.on("exit", () => reject(new Error("etcd did not start")));
  });
  const subject = grpcSubject(`127.0.0.1:${client}`);
  return {
    call: (path, request, token) => subject.call(path, request, token),
    [Symbol.asyncDispose]: async () => {
      subject.close();
      etcd.kill();
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Any server that speaks gRPC. */
export function grpcSubject(address: string): TranscriptSubject & { close(): void } {
  const client = new (makeGenericClientConstructor({}, "any"))(address, credentials.createInsecure());
  const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  return {
    call: (path, request, token) =>
      new Promise((resolve, reject) => {
        const metadata = new Metadata();
        if (token !== undefined) metadata.set("token", token);
        client.makeUnaryRequest(
          path,
          asIs,
          (bytes: Buffer) => bytes,
          request,
          metadata,
          (error, response) => {
            if (error !== null) reject(error);
            else resolve(response!);
          },
        );
      }),
    close: () => client.close(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
