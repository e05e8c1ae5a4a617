/** Ports that somebody chose and that were taken: the transport has others instead, of which no firewall knows. */
import type { ListenAddress } from "@lattice/net";

const CARRIERS = ["udp", "tcp"] as const;

/** One line for each port that is not there as it was asked for; `addresses` are those that the node has. */
export function portWarnings(listen: readonly ListenAddress[], addresses: readonly string[]): string[] {
  const ports = new Set(listen.flatMap(({ port }) => (port === undefined || port === 0 ? [] : [port])));
  return [...ports].flatMap((port) => {
    const missing = CARRIERS.filter(
      (carrier) => !addresses.some((address) => `${address}/`.includes(`/${carrier}/${port}/`)),
    );
    if (missing.length === 0) return [];
    const carriers = missing.map((carrier) => carrier.toUpperCase()).join(" and ");
    return [
      `port ${port} cannot be had for ${carriers}, so the node does without it: free it and start the node again, or choose another one with --listen`,
    ];
  });
}
