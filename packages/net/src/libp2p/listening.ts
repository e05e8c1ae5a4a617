/** Where a node listens, and where others can reach it. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { Multiaddr } from "@multiformats/multiaddr";
import { multiaddr } from "@multiformats/multiaddr";
import { LatticeError } from "@lattice/model";
import type { ListenAddress } from "./open-libp2p-transport.ts";

/** The part of libp2p's transport manager that opens listeners. */
export interface Listeners {
  listen(addresses: Multiaddr[]): Promise<void>;
  getAddrs(): Multiaddr[];
}

export type Carrier = "quic" | "tcp";

/**
 * Listens on both carriers, under one port number where that can be had. A port that is taken is replaced by a free
 * one; one carrier that cannot listen at all (UDP forbidden, say) is done without.
 */
export async function listenOn(
  listeners: Listeners,
  where: ListenAddress,
  carriers: readonly Carrier[],
): Promise<void> {
  const host = await resolveHost(where.host);
  let port = where.port ?? 0;
  const failures: unknown[] = [];
  for (const carrier of carriers) {
    try {
      port = await listenOnFreePort(listeners, { carrier, host, port });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === carriers.length) {
    throw new LatticeError("unavailable", `cannot listen on ${where.host}`, {
      cause: new AggregateError(failures),
    });
  }
}

interface Endpoint {
  readonly carrier: Carrier;
  readonly host: string;
  readonly port: number;
}

async function listenOnFreePort(listeners: Listeners, endpoint: Endpoint): Promise<number> {
  const ports = endpoint.port === 0 ? [0] : [endpoint.port, 0];
  const before = new Set(listeners.getAddrs().map(String));
  let failure: unknown;
  for (const port of ports) {
    try {
      await listeners.listen([toMultiaddr({ ...endpoint, port })]);
      const bound = listeners.getAddrs().find((address) => !before.has(String(address)));
      return bound === undefined ? port : portOf(bound);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** `/ip4/…/udp/…/quic-v1` before `/ip4/…/tcp/…`; a wildcard stands for every address of this machine. */
export function reachableAddresses(listeners: Listeners): readonly string[] {
  const quic = new Set<string>();
  const tcp = new Set<string>();
  for (const address of listeners.getAddrs()) {
    const [host] = address.getComponents();
    if (host?.value === undefined) continue;
    const carrier = address.getComponents().some(({ name }) => name === "udp") ? "quic" : "tcp";
    const found = carrier === "quic" ? quic : tcp;
    for (const concrete of concreteHosts(host.value)) {
      found.add(toMultiaddr({ carrier, host: concrete, port: portOf(address) }).toString());
    }
  }
  return [...quic, ...tcp];
}

function concreteHosts(host: string): readonly string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host];
  const family = host === "::" ? "IPv6" : "IPv4";
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === family && !isLinkLocal(address.address))
    .map(({ address }) => address);
}

/** Means nothing without the name of an interface, which differs from machine to machine. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}

async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new LatticeError("invalid-argument", `no such host: ${host}`, { cause });
  }
}

function toMultiaddr({ carrier, host, port }: Endpoint): Multiaddr {
  const family = isIP(host) === 6 ? "ip6" : "ip4";
  return multiaddr(`/${family}/${host}/${carrier === "quic" ? `udp/${port}/quic-v1` : `tcp/${port}`}`);
}

function portOf(address: Multiaddr): number {
  const port = address.getComponents().find(({ name }) => name === "udp" || name === "tcp")?.value;
  return Number(port ?? 0);
}
