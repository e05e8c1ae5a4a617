/** Sockets on loopback, and on nothing else. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LatticeError } from "@lattice/model";

/** How often another port is tried where the system chooses one. */
const ATTEMPTS_MAX = 8;

export interface Listening {
  readonly port: number;
  readonly servers: readonly Server[];
}

/**
 * Listens on 127.0.0.1 and, where there is IPv6, on ::1: browsers may take `localhost` for either, and a stranger on the other one
 * would get what is meant for this. Port 0 is the system's choice. Fails with `in-use`, `permission-denied`.
 */
export async function listenOnLoopback(port: number, makeServer: () => Server): Promise<Listening> {
  for (let attempt = 1; ; attempt++) {
    const ipv4 = makeServer();
    await listen(ipv4, "127.0.0.1", port);
    const bound = (ipv4.address() as AddressInfo).port;
    const ipv6 = makeServer();
    try {
      await listen(ipv6, "::1", bound);
      return { port: bound, servers: [ipv4, ipv6] };
    } catch (error) {
      if (NO_IPV6.has((error as { cause?: NodeJS.ErrnoException }).cause?.code ?? "")) {
        return { port: bound, servers: [ipv4] };
      }
      ipv4.close();
      if (port !== 0 || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

const NO_IPV6: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"]);

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port, exclusive: true });
  try {
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(error as NodeJS.ErrnoException, port);
  }
}

function cannotListen(cause: NodeJS.ErrnoException, port: number): LatticeError {
  const instead = "choose another one with --web PORT, or none with --no-web";
  switch (cause.code) {
    case "EADDRINUSE":
      return new LatticeError("in-use", `port ${port} is in use by another program: ${instead}`, { cause });
    case "EACCES":
      return new LatticeError("permission-denied", `no permission to serve on port ${port}: ${instead}`, {
        cause,
      });
    default:
      return new LatticeError(
        "unavailable",
        `cannot serve on port ${port}: the system says ${cause.code}; ${instead}`,
        {
          cause,
        },
      );
  }
}
