/** The machine and the data directory, as far as they can be seen without a node. */
import { statfsSync, statSync, type Stats } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { socketPath } from "../node-access.ts";
import { quoteForShell } from "../tokenizer.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";

/** Below the first a store may soon be full; below the second it soon is. */
const FREE_BYTES_LOW = 512 * 2 ** 20;
const FREE_BYTES_MIN = 32 * 2 ** 20;
const SEED_BYTES = 32;
/** What the address of a Unix socket can hold, with the zero behind it, on Linux; macOS has four less. */
const SOCKET_PATH_BYTES_MAX = process.platform === "darwin" ? 103 : 107;

export function examineMachine(directory: string): Finding[] {
  try {
    return examine(directory);
  } catch (error) {
    const { code, path = directory } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    const remedy = "run this as who runs the node, or name another directory with --data";
    return [problem("data directory", `no permission to look at ${path}`, remedy)];
  }
}

function examine(directory: string): Finding[] {
  const stats = statOf(directory);
  const findings = [
    ok("Node", `${process.version} on ${process.platform}-${process.arch}`),
    examineSocketPath(directory),
  ];
  if (stats === undefined) {
    const text = `${directory} does not exist yet`;
    return [
      ...findings,
      warning("data directory", text, "lattice --daemon makes it; --data or LATTICE_DATA names another one"),
    ];
  }
  return [
    ...findings,
    examineDirectory(directory, stats),
    ...examineIdentity(directory),
    examineRoom(directory),
  ];
}

function examineSocketPath(directory: string): Finding {
  const path = socketPath(directory);
  const size = Buffer.byteLength(path);
  if (size <= SOCKET_PATH_BYTES_MAX)
    return ok("socket path", `${size} bytes of ${SOCKET_PATH_BYTES_MAX} at most`);
  return problem(
    "socket path",
    `${path} is too long for a socket`,
    "choose a data directory with a shorter path",
  );
}

function examineDirectory(directory: string, stats: Stats): Finding {
  if (!stats.isDirectory()) {
    return problem(
      "data directory",
      `${directory} is no directory`,
      "move it away, or name another one with --data",
    );
  }
  const mode = (stats.mode & 0o777).toString(8);
  if (process.platform !== "win32" && (stats.mode & 0o077) !== 0) {
    return warning(
      "data directory",
      `${directory} is open to others (mode ${mode})`,
      `chmod 700 ${quoteForShell(directory)}`,
    );
  }
  return ok("data directory", `${directory}, mode ${mode}`);
}

function examineIdentity(directory: string): Finding[] {
  const path = join(directory, "identity.key");
  const stats = statOf(path);
  if (stats === undefined) return [];
  if (stats.size !== SEED_BYTES) {
    const remedy = "restore it from a backup, or move it away to begin with a new identity";
    return [problem("identity", `${path} has ${stats.size} bytes, a key has ${SEED_BYTES}`, remedy)];
  }
  if (process.platform !== "win32" && (stats.mode & 0o077) !== 0) {
    return [
      problem(
        "identity",
        `${path} can be read by others; the node does not start`,
        `chmod 600 ${quoteForShell(path)}`,
      ),
    ];
  }
  return [ok("identity", "there, and readable by its owner only")];
}

function examineRoom(directory: string): Finding {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const text = `${Math.floor(free / 2 ** 20)} MiB free`;
  if (free < FREE_BYTES_MIN)
    return problem("disk", text, "make room: the node refuses writes when the disk is full");
  if (free < FREE_BYTES_LOW) return warning("disk", text, "make room soon");
  return ok("disk", text);
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
