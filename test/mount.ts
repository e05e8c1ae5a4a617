/** File systems of one's own, in a name space in which they can be mounted without being root. */
import { spawnSync } from "node:child_process";

/** In front of a command. */
export const NAME_SPACE = ["unshare", "--user", "--map-root-user", "--mount"] as const;

/** Whether that is possible here. */
export const mayMount =
  spawnSync(NAME_SPACE[0], [...NAME_SPACE.slice(1), "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

export interface Mount {
  /** Where. */
  readonly path: string;
  /** Of the mount, as `mount -o` has them. */
  readonly options: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** The words of a command that runs a program of Node's for which a file system in memory lies at `path`. */
export function onMountCommand({ path, options, program, args }: Mount): [string, ...string[]] {
  const shell = `mount -t tmpfs -o '${options}' tmpfs '${path}' && exec "$@"`;
  return [NAME_SPACE[0], ...NAME_SPACE.slice(1), "sh", "-c", shell, "sh", process.execPath, program, ...args];
}
