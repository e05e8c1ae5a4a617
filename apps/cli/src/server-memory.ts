/**
 * How glibc hands out memory to a member of a cluster. By itself it keeps an arena for each thread, and after the first large
 * piece that is given back it takes more and more of them from where little is ever returned to the system: for buffers that come and go
 * by the thousand that is a third of what the process takes. It reads its settings once, when the process begins; so the process
 * begins again as itself, with the same id, streams and words, before anything else is loaded.
 */
import process from "node:process";

const SETTINGS: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "262144",
};

/** Does not return where the process begins again. Whoever has settings of his own keeps them. */
export function settleServerMemory(argv: readonly string[]): void {
  const isServer = argv[0] === "cluster" && argv[1] === "start";
  if (!isServer || process.platform !== "linux" || typeof process.execve !== "function") return;
  if (Object.keys(SETTINGS).some((name) => process.env[name] !== undefined)) return;
  const [entry] = process.argv.slice(1);
  const words = [process.execPath, ...process.execArgv, entry!, ...argv];
  try {
    process.execve(process.execPath, words, { ...process.env, ...SETTINGS });
  } catch {
    // Then it takes more.
  }
}
