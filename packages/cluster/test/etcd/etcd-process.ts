/** A server of etcd's own, where it is installed: what this package is compared with. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcClient } from "./grpc-client.ts";

const BINARY = "etcd";

export const hasEtcd: boolean = /Version: 3\.4\./.test(
  spawnSync(BINARY, ["--version"]).stdout?.toString() ?? "",
);

export interface EtcdProcess extends AsyncDisposable {
  readonly client: GrpcClient;
}

export async function startEtcd(): Promise<EtcdProcess> {
  const directory = mkdtempSync(join(tmpdir(), "lattice-etcd-"));
  const [client, peer] = [await freePort(), await freePort()];
  const peerUrl = `http://127.0.0.1:${peer}`;
  const clientUrl = `http://127.0.0.1:${client}`;
  const args = ["--name", "e", "--data-dir", directory, "--initial-cluster", `e=${peerUrl}`];
  args.push("--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl);
  args.push("--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl);
  const etcd = spawn(BINARY, args, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(etcd, "exit");
  await new Promise<void>((resolve, reject) => {
    etcd.stderr.on("data", (text: Buffer) => {
      if (text.includes("ready to serve client requests")) resolve();
    });
    etcd.on("exit", () => reject(new Error("etcd did not start")));
  });
  const grpc = new GrpcClient(`127.0.0.1:${client}`);
  return {
    client: grpc,
    [Symbol.asyncDispose]: async () => {
      grpc.close();
      etcd.kill();
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
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
