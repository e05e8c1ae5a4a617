/**
 * Ports of loopback for servers that have to be told theirs before they start. They lie below those that systems give away by
 * themselves, so no connection takes one in the meantime, nor a server that asks for any; and each process begins to look elsewhere.
 */
import { once } from "node:events";
import { createServer } from "node:net";

const FIRST = 10_000;
/** Linux gives away those from 32768 on, others from 49152. */
const COUNT = 22_000;
/** What one process may need before it comes to where the next has begun. */
const STRIDE = 97;

let next = (process.pid * STRIDE) % COUNT;

/** Free a moment ago, and different from each other, also from those that this process got before. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tried = 0; ports.length < count; tried++) {
    if (tried > COUNT) throw new Error("no ports are free");
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
