/** A replica on two storages that can die separately. */
import type { MemoryStorage } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import type { Replica } from "../src/index.ts";
import { memoryLog, memoryState, openReplica, type World } from "./world.ts";

export interface CrashableReplica {
  replica: Replica;
  log: MemoryStorage;
  state: MemoryStorage;
  crash(which: { log: boolean; state: boolean }): void;
}

export function crashableReplica(world: World, type: StoreType): CrashableReplica {
  const log = memoryLog(world);
  const state = memoryState(type);
  const made: CrashableReplica = {
    log,
    state,
    replica: openReplica({ world, type, log, state }),
    /** Either alone, too: a state can be older or younger than its log. */
    crash(which) {
      if (which.log) made.log = made.log.crash();
      if (which.state) made.state = made.state.crash();
      made.replica = openReplica({ world, type, log: made.log, state: made.state });
    },
  };
  return made;
}
