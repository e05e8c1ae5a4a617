/** Programs with libraries for etcd, in JavaScript and Python. */
import { join } from "node:path";
import type { Side } from "../side.ts";

const FOLDER = join(import.meta.dirname, "../programs");

export async function npmEtcd3(side: Side): Promise<void> {
  side.mask.name(process.execPath, "node");
  side.mask.name(FOLDER, "programs");
  const program = join(FOLDER, "npm-etcd3.program.ts");
  await side.run([program, side.leader.address], { command: process.execPath });
}

export async function pythonEtcd3(side: Side): Promise<void> {
  side.mask.name(FOLDER, "programs");
  const { clientPort } = side.leader.seat;
  side.mask.name(`${clientPort}`, "client port");
  const program = join(FOLDER, "python_etcd3.py");
  await side.run([program, "127.0.0.1", `${clientPort}`], { command: "/usr/bin/python3" });
}
