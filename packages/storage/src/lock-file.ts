/**
 * One process owns a data directory: the one whose id stands in the lock file, for as long as it lives. A process id can
 * be given to another process later, so the file also says when its owner was started, where the system tells.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { LatticeError } from "@lattice/model";

export interface LockFile {
  /** Gives the directory back. Can be called twice. */
  release(): void;
}

export interface LockOptions {
  /** Of the lock file. */
  readonly path: string;
  readonly directory: string;
  /** What somebody can do who finds the directory in use. */
  readonly whatToDo: string;
}

/** Throws `in-use` while another process holds it; the lock of a dead one is taken over. */
export function acquireLock(options: LockOptions): LockFile {
  const { path } = options;
  const mine = ownerText(process.pid);
  for (let attempt = 1; ; attempt++) {
    if (create(path, mine)) return { release: () => release(path, mine) };
    const owner = readOwner(path);
    if (owner !== undefined && isAlive(owner)) throw inUse(options, pidOf(owner));
    if (attempt === 3) throw inUse(options, owner === undefined ? "?" : pidOf(owner));
    if (owner !== undefined) discard(path, owner);
  }
}

function create(path: string, text: string): boolean {
  try {
    const file = openSync(path, "wx", 0o600);
    writeSync(file, text);
    fsyncSync(file);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Moved away first: of two processes that both find a dead owner, one moves the file, and it must be that file. */
function discard(path: string, owner: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, "utf8") !== owner) renameSync(aside, path);
    else rmSync(aside);
  } catch {
    // Somebody else was faster.
  }
}

function release(path: string, mine: string): void {
  if (readOwner(path) === mine) rmSync(path, { force: true });
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function ownerText(pid: number): string {
  return `${pid}\n${startOf(pid)}\n`;
}

function pidOf(owner: string): string {
  return owner.split("\n")[0] ?? "?";
}

function isAlive(owner: string): boolean {
  const pid = Number(pidOf(owner));
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return owner === ownerText(pid);
}

/** When a process was started, in ticks of the system; empty where the system does not tell. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the command's name, may hold anything, so the rest is counted from its closing bracket.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function inUse({ directory, whatToDo }: LockOptions, pid: string): LatticeError {
  return new LatticeError("in-use", `${directory} is in use by process ${pid}: ${whatToDo}`, {
    details: { pid },
  });
}
