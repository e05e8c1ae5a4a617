/** A store in a directory: `intentions/log.db` and `state/state.db`. */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { LatticeError, systemRandom, type Random } from "@lattice/model";
import { openLmdbStorage, removeLmdbStorage, type Storage } from "@lattice/storage";
import { bootId } from "./boot-id.ts";
import type { StorePlace } from "./place.ts";
import { LOG_TABLES } from "./tables.ts";

/** Its keys come in no order, so that merging more of them at a time touches fewer pages. */
const STATE_OVERLAY_BYTES = 4 << 20;

export interface StorePaths {
  readonly log: string;
  readonly state: string;
}

export function storePaths(directory: string): StorePaths {
  const folders = { intentions: join(directory, "intentions"), state: join(directory, "state") };
  return { log: join(folders.intentions, "log.db"), state: join(folders.state, "state.db") };
}

export interface DirectoryPlaceOptions {
  /** Told how long each write of the log to the disk took, in milliseconds. */
  readonly onFlush?: (durationMs: number) => void;
}

/** The directory is made where a log is opened in it. */
export function directoryPlace(
  directory: string,
  random: Random = systemRandom,
  options: DirectoryPlaceOptions = {},
): StorePlace {
  const paths = storePaths(directory);
  const fresh = `${paths.log}.new.db`;
  const openLog = (path: string): Storage => {
    for (const name of ["intentions", "state"]) {
      mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
    }
    return openLmdbStorage({ path, tables: [...LOG_TABLES], durability: "journal", ...options });
  };
  return {
    name: paths.log,
    exists: () => (statSync(paths.log, { throwIfNoEntry: false })?.size ?? 0) > 0,
    openLog: () => openLog(paths.log),
    openState: (tables) => openState(paths.state, tables),
    removeState: () => removeLmdbStorage(paths.state),
    bootId: () => bootId(random),
    openNewLog: () => {
      removeLmdbStorage(fresh);
      return openLog(fresh);
    },
    replaceLog: ({ keepOld }) => {
      if (keepOld) setAside(paths.log);
      // The journals were merged when the logs were closed, so each is one file, and there is one at every moment; the old
      // journal, beside the new file, is not its own and counts for nothing.
      renameSync(fresh, paths.log);
      removeLmdbStorage(fresh);
    },
    bytes: () => directoryBytes(directory),
  };
}

function openState(path: string, tables: readonly string[]): Storage {
  const open = () =>
    openLmdbStorage({
      path,
      tables: [...tables],
      durability: "lazy",
      overlayBytesMax: STATE_OVERLAY_BYTES,
    });
  try {
    return open();
  } catch (error) {
    if (LatticeError.from(error).code !== "corrupt") throw error;
    removeLmdbStorage(path);
    return open();
  }
}

/** Keeps a damaged log under another name beside its own. */
function setAside(log: string): void {
  let copy = 1;
  while (existsSync(`${log}.damaged-${copy}`)) copy += 1;
  linkSync(log, `${log}.damaged-${copy}`);
}

function directoryBytes(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}
