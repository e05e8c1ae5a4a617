/** Where a store lies on a simulated disk. */
import { formatStoreId, type StoreId } from "@lattice/model";
import { LOG_TABLES, type StorePlace } from "@lattice/kernel";
import type { SimDisk } from "./sim-disk.ts";

export function simPlace(disk: SimDisk, id: StoreId): StorePlace {
  const name = formatStoreId(id);
  const [log, fresh, state] = [`${name}/log`, `${name}/log.new`, `${name}/state`];
  return {
    name: log,
    exists: () => disk.has(log),
    openLog: () => disk.open(log, LOG_TABLES),
    openState: (tables) => disk.open(state, tables),
    removeState: () => disk.remove(state),
    bootId: () => disk.bootId,
    openNewLog: () => {
      disk.remove(fresh);
      return disk.open(fresh, LOG_TABLES);
    },
    replaceLog: ({ keepOld }) => {
      if (keepOld) disk.rename(log, `${log}.damaged`);
      disk.rename(fresh, log);
    },
    bytes: () => disk.bytes(log) + disk.bytes(state),
  };
}
