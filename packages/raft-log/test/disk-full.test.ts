/** A disk that is really full: a small file system in a name space of its own. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { startChild } from "./child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const NAME_SPACE = ["unshare", "--user", "--map-root-user", "--mount"];
const mayMount =
  spawnSync(NAME_SPACE[0]!, [...NAME_SPACE.slice(1), "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

it.skipIf(!mayMount)(
  "keeps on a full disk what was durable, and goes on when it is opened with room",
  async () => {
    const directory = temporaryDirectory();
    const child = startChild({
      program: "disk-full.program.ts",
      args: [directory],
      before: NAME_SPACE,
      shell: `mount -t tmpfs -o size=4m tmpfs '${directory}' && exec "$@"`,
    });
    const { how, errors } = await child.ended;
    expect(how, errors).toBe(0);
  },
);
