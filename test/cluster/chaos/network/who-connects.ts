/** Which process a connection on loopback comes from, as Linux tells it: a member does not say so to a proxy. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The one of these processes that has a socket from `localPort` to `remotePort`. */
export function ownerOfConnection(
  { localPort, remotePort }: { localPort: number; remotePort: number },
  pids: readonly number[],
): number | undefined {
  const inode = inodeOf(localPort, remotePort);
  if (inode === undefined) return undefined;
  const socket = `socket:[${inode}]`;
  return pids.find((pid) => openFiles(pid).includes(socket));
}

function inodeOf(localPort: number, remotePort: number): string | undefined {
  const [local, remote] = [hex(localPort), hex(remotePort)];
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readFileSync(table, "utf8").split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(local) === true && fields[2]?.endsWith(remote) === true) return fields[9];
    }
  }
  return undefined;
}

function hex(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

function openFiles(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).map((name) => {
      try {
        return readlinkSync(`${directory}/${name}`);
      } catch {
        return "";
      }
    });
  } catch {
    return [];
  }
}
