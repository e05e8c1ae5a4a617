/** Addresses of members, as etcd writes them: `http://HOST:PORT`, or `https` where they speak TLS. */
import { LatticeError } from "@lattice/model";
import type { PeerAddress } from "@lattice/raft-net";

/** Undefined where it is no such address: without a port, or with more than host and port. */
export function parsePeerUrl(text: string): PeerAddress | undefined {
  const match = /^(https?):\/\/(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+):(\d{1,5})\/?$/.exec(text);
  if (match === null) return undefined;
  const [, scheme, host, port] = match as unknown as [string, string, string, string];
  if (Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port), tls: scheme === "https" };
}

export function peerUrl({ host, port, tls }: PeerAddress): string {
  return `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Of what a person wrote, `HOST:PORT` with or without a scheme. Throws `invalid-argument`. */
export function readPeerUrl(text: string, isTls: boolean): string {
  const url = text.includes("://") ? text : `${isTls ? "https" : "http"}://${text}`;
  const address = parsePeerUrl(url);
  if (address === undefined || address.port === 0) {
    throw new LatticeError("invalid-argument", `"${text}" is no address of a member: HOST:PORT is needed`);
  }
  return peerUrl(address);
}
