/** Who members are to each other where their connections are encrypted, and how a connection is begun. */
import { readFile } from "node:fs/promises";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls";
import type { PeerAddress } from "./peer-network.ts";

/** PEM. */
export interface PeerCredentials {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** Who signs members' certificates. Where it is given, whoever connects has to show one, and addresses with TLS are checked against it. */
  readonly ca?: string | Buffer | undefined;
}

export async function readCredentials(files: {
  readonly keyFile: string;
  readonly certFile: string;
  readonly caFile?: string | undefined;
}): Promise<PeerCredentials> {
  const [key, cert, ca] = await Promise.all([
    readFile(files.keyFile),
    readFile(files.certFile),
    files.caFile === undefined ? undefined : readFile(files.caFile),
  ]);
  return { key, cert, ca };
}

/** A socket on its way to an address; `isConnectedBy` is the event that says that it is there. */
export function dial(
  address: PeerAddress,
  credentials: PeerCredentials | undefined,
): { readonly socket: Socket; readonly isConnectedBy: "connect" | "secureConnect" } {
  const { host, port } = address;
  if (!address.tls) return { socket: connect({ host, port }), isConnectedBy: "connect" };
  const options: TlsOptions = { host, port, ...credentials };
  if (isIP(host) === 0) options.servername = host;
  return { socket: connectTls(options), isConnectedBy: "secureConnect" };
}
