/** The suite of Raft's storage port, over a disk that loses power in the middle of writes. */
import { describeRaftStorage, seededRandom, type RaftStorageUnderTest } from "@lattice/testkit";
import type { RaftStorage } from "@lattice/raft";
import { RaftLog, recoverLog } from "../src/index.ts";
import { segmentsOf, type Files } from "./sample-log.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

function simulated(segmentBytes: number): RaftStorageUnderTest {
  const random = seededRandom(segmentBytes);
  const disks = new WeakMap<RaftStorage, SimulatedDisk>();
  const open = (files: Files): RaftStorage => {
    const recovered = recoverLog(segmentsOf(files));
    const left = [...files].filter(([number]) => !recovered.removable.includes(number));
    const disk = new SimulatedDisk(new Map(left), random);
    const log = new RaftLog({ recovered, disk, segmentBytes });
    disks.set(log, disk);
    return log;
  };
  return {
    open: async () => open(new Map()),
    reopen: async (log) => {
      await log.close();
      return open(disks.get(log)!.files);
    },
    crash: async (log) => {
      const left = disks.get(log)!.losePower();
      await log.close();
      return open(left);
    },
    runs: 1_000,
  };
}

describeRaftStorage("a log that loses power", simulated(1 << 20));
describeRaftStorage("a log in small segments that loses power", simulated(3_072));
describeRaftStorage("a log in segments of one sector that loses power", simulated(512));
