/**
 * Claims a path for a Unix socket.
 *
 * Invariants:
 * 1. At no moment can another user connect: the socket is bound inside a directory of mode 0700, gets mode 0600 there,
 *    and only then its name.
 * 2. A name is taken by `link`, which fails where there is one already: of two that start at once, one gets it.
 * 3. Only a socket that nobody listens on is removed. Any other file is left alone.
 *
 * Not guaranteed: that of three or more that start at once over what a dead one left, one alone believes to have it. The
 * lock of the node's data directory, which each takes first, sees to that.
 */
import type { Stats } from "node:fs";
import { chmod, link, lstat, mkdtemp, rename, rm, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join, resolve, sep } from "node:path";
import { LatticeError } from "@lattice/model";

/** `sun_path` without its end mark. Not among the other limits, which browsers load, too. */
export const SOCKET_PATH_BYTES_MAX = process.platform === "linux" ? 107 : 103;
const ATTEMPT_COUNT_MAX = 8;

export interface SocketClaim {
  /** Removes the name, if it still is ours. */
  release(): Promise<void>;
}

/** The path as the system wants it. Throws `invalid-argument` for one that it cannot take. */
export function checkedSocketPath(path: string): string {
  const full = resolve(path);
  if (Buffer.byteLength(full) > SOCKET_PATH_BYTES_MAX) {
    throw new LatticeError(
      "invalid-argument",
      `the path of a socket has at most ${SOCKET_PATH_BYTES_MAX} bytes: ${full} is longer`,
    );
  }
  return full;
}

/**
 * `bind` gets the path on which to listen; it must have done so when it resolves. Fails with `in-use` where somebody
 * listens on the path already, and with `already-exists` where it is no socket.
 */
export async function claimSocket(path: string, bind: (path: string) => Promise<void>): Promise<SocketClaim> {
  const directory = await privateDirectory(dirname(path));
  try {
    const bound = checkedSocketPath(join(directory, "s"));
    await bind(bound);
    await chmod(bound, 0o600);
    await publish(bound, path, directory);
    const { ino } = await lstat(bound);
    return { release: () => removeOwn(path, ino) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Whether somebody listens. Fails with `permission-denied` where this user may not know. */
export async function isListening(path: string): Promise<boolean> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => settle(true));
  socket.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EACCES" || error.code === "EPERM") {
      reject(new LatticeError("permission-denied", `no permission to use ${path}`, { cause: error }));
    } else {
      // EAGAIN: somebody listens, and has more to accept than it gets done.
      settle(error.code === "EAGAIN");
    }
  });
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function privateDirectory(parent: string): Promise<string> {
  try {
    return await mkdtemp(`${parent}${sep}.`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new LatticeError("not-found", `no directory ${parent} for the socket`, { cause: error });
    }
    throw new LatticeError("permission-denied", `cannot write in ${parent}`, { cause: error });
  }
}

async function publish(bound: string, path: string, directory: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPT_COUNT_MAX; attempt++) {
    if (await takeName(bound, path)) return;
    const found = await statOf(path);
    if (found === undefined) continue;
    if (!found.isSocket()) throw new LatticeError("already-exists", `${path} is there and is no socket`);
    if (await isListening(path)) break;
    await removeStale(path, found.ino, directory);
  }
  throw new LatticeError("in-use", `a node runs on ${path} already`);
}

async function takeName(bound: string, path: string): Promise<boolean> {
  try {
    await link(bound, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Between the look and the removal another may have put its live socket there: that one is put back. */
async function removeStale(path: string, ino: number, directory: string): Promise<void> {
  const removed = join(directory, "stale");
  try {
    await rename(path, removed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await lstat(removed)).ino !== ino) await takeName(removed, path);
}

async function removeOwn(path: string, ino: number): Promise<void> {
  if ((await statOf(path))?.ino !== ino) return;
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
