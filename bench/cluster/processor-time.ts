/** Who used the processors meanwhile, from Linux's /proc, in seconds. */
import { readFileSync } from "node:fs";

/** Of /proc, on every machine this runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessorUse {
  readonly serverSeconds: number;
  /** What neither the servers, nor this process, nor its load generator used, in cores. */
  readonly foreignCores: number;
}

export async function measureProcessors<T>(
  pids: readonly number[],
  body: () => Promise<T>,
): Promise<{ readonly result: T; readonly use: ProcessorUse }> {
  const before = reading(pids);
  const start = performance.now();
  const result = await body();
  const seconds = (performance.now() - start) / 1000;
  const after = reading(pids);
  const serverSeconds = after.servers - before.servers;
  const foreign = after.machine - before.machine - serverSeconds - (after.own - before.own);
  return { result, use: { serverSeconds, foreignCores: Math.max(0, foreign / seconds) } };
}

function reading(pids: readonly number[]): { machine: number; servers: number; own: number } {
  const busy = readFileSync("/proc/stat", "utf8").split("\n")[0]!.trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = busy;
  const machine = (user + nice + system + irq + softIrq + steal) / TICKS_PER_SECOND;
  const servers = pids.map((pid) => ofProcess(pid).self).reduce((sum, each) => sum + each, 0);
  const { self, children } = ofProcess(process.pid);
  return { machine, servers, own: self + children };
}

function ofProcess(pid: number): { self: number; children: number } {
  // The name, in parentheses, may hold anything.
  const [, fields = ""] = /\) (.*)$/.exec(readFileSync(`/proc/${pid}/stat`, "utf8").trimEnd()) ?? [];
  const [user, system, childUser, childSystem] = fields.split(" ").slice(11, 15).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return { self: (user + system) / TICKS_PER_SECOND, children: (childUser + childSystem) / TICKS_PER_SECOND };
}

/** In bytes. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}
