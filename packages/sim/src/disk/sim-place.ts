/** Where a store lies on a simulated disk, for as long as the process lives that asks. */
import { formatStoreId, LatticeError, type StoreId } from "@lattice/model";
import { LOG_TABLES, type StorePlace } from "@lattice/kernel";
import type { SimDisk } from "./sim-disk.ts";

export interface SimPlaceOptions {
  readonly disk: SimDisk;
  /** What a dead process still had under way must not touch the disk of the next one. */
  readonly isAlive: () => boolean;
}

export function simPlace({ disk: whole, isAlive }: SimPlaceOptions, id: StoreId): StorePlace {
  const name = formatStoreId(id);
  const [log, fresh, state] = [`${name}/log`, `${name}/log.new`, `${name}/state`];
  const disk = (): SimDisk => {
    if (!isAlive()) throw new LatticeError("closed", "the process is dead");
    return whole;
  };
  return {
    name: log,
    exists: () => disk().has(log),
    openLog: () => disk().open(log, LOG_TABLES),
    openState: (tables) => disk().open(state, tables),
    removeState: () => disk().remove(state),
    bootId: () => disk().bootId,
    openNewLog: () => {
      disk().remove(fresh);
      return disk().open(fresh, LOG_TABLES);
    },
    replaceLog: ({ keepOld }) => {
      if (keepOld) disk().rename(log, `${log}.damaged`);
      disk().rename(fresh, log);
    },
    bytes: () => disk().bytes(log) + disk().bytes(state),
  };
}
