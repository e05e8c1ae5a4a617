/** A disk that is really full: a small file system in a name space of its own, and the limit of a process. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { startChild, type Child } from "./child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const NAME_SPACE = ["unshare", "--user", "--map-root-user", "--mount"];
const mayMount =
  spawnSync(NAME_SPACE[0]!, [...NAME_SPACE.slice(1), "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

describe.skipIf(!mayMount)("on a full disk", () => {
  const scenarios = [
    "journal",
    "reopen on a full disk",
    "large transactions",
    "lazy",
    "checkpoints",
    "commit of LMDB",
  ];

  it.each(scenarios)(
    "keeps what was acknowledged, reads, and goes on when there is room: %s",
    async (scenario) => {
      const directory = temporaryDirectory();
      const child = startChild({
        program: "disk-full.program.ts",
        args: [scenario, directory],
        before: NAME_SPACE,
        shell: `mount -t tmpfs -o size=8m tmpfs '${directory}' && exec "$@"`,
      });
      await expectSuccess(child);
    },
  );
});

it.each(["limit for files", "checkpoints under a limit"])(
  "keeps what was acknowledged, and reads: %s",
  async (scenario) => {
    const directory = temporaryDirectory();
    const child = startChild({
      program: "disk-full.program.ts",
      args: [scenario, directory],
      // In blocks of 512 bytes or of 1,024, as the shell has it. Ignored, the signal leaves an error to the write.
      shell: `trap '' XFSZ; ulimit -f 600; exec "$@"`,
    });
    await expectSuccess(child);
  },
);

/** LMDB complains of writes that fail on the standard error output, so that may say something. */
async function expectSuccess(child: Child): Promise<void> {
  const { how, errors } = await child.ended;
  expect(how, errors).toBe(0);
}
