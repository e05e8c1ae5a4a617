/** Ports of loopback for servers that have to be told theirs before they start. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** Free a moment ago, and different from each other. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => {
      const listening = once(server, "listening");
      server.listen(0, "127.0.0.1");
      return listening;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map((server) => {
      const closed = once(server, "close");
      server.close();
      return closed;
    }),
  );
  return ports;
}
