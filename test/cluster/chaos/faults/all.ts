import { compact, moveLeader, replaceMember } from "./administration.ts";
import { bridge, clientsAway, isolate, oneWay, reset } from "./connections.ts";
import { fullDisk } from "./disks.ts";
import type { Fault } from "./fault.ts";
import { kill, killAll, pause, stop } from "./processes.ts";

export const allFaults: readonly Fault[] = [
  kill,
  killAll,
  stop,
  pause,
  isolate,
  oneWay,
  bridge,
  clientsAway,
  reset,
  fullDisk,
  moveLeader,
  compact,
  replaceMember,
];
