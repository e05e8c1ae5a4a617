/** Where a node keeps what is its own, and what lies there (surface.md, "Files"). */
import { homedir } from "node:os";
import { join } from "node:path";

export function defaultDataDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env["LATTICE_DATA"] !== undefined && env["LATTICE_DATA"] !== "") return env["LATTICE_DATA"];
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support", "lattice");
  if (process.platform === "win32") return join(env["LOCALAPPDATA"] ?? homedir(), "lattice");
  return join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "lattice");
}

/** Of the file by which one process owns the directory. */
export const LOCK_NAME = "lattice.lock";

export interface DataPaths {
  readonly identity: string;
  readonly inventory: string;
  /** Names the modules of store types that do not ship. */
  readonly types: string;
  readonly socket: string;
  /** Lets its reader use the node over HTTP. */
  readonly token: string;
}

export function dataPaths(directory: string): DataPaths {
  return {
    identity: join(directory, "identity.key"),
    inventory: join(directory, "meta.db"),
    types: join(directory, "types.json"),
    socket: join(directory, "lattice.sock"),
    token: join(directory, "lattice.token"),
  };
}

export function socketPath(directory: string): string {
  return dataPaths(directory).socket;
}
