/** The suite of Raft's storage port, over files. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RaftStorage } from "@lattice/raft";
import { describeRaftStorage, type RaftStorageUnderTest } from "@lattice/testkit";
import { afterAll } from "vitest";
import { openRaftLog } from "../src/index.ts";

const root = mkdtempSync(join(tmpdir(), "lattice-raft-log-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

/** A crash is a copy of the files as they are, opened; the log that crashed is left to close. */
function logUnderTest(segmentBytes: number): RaftStorageUnderTest {
  const directories = new WeakMap<RaftStorage, string>();
  const open = async (directory = join(root, `${made++}`)): Promise<RaftStorage> => {
    const log = await openRaftLog({ directory, segmentBytes });
    directories.set(log, directory);
    return log;
  };
  return {
    open: () => open(),
    reopen: async (log) => {
      await log.close();
      return await open(directories.get(log));
    },
    crash: async (log) => {
      const directory = join(root, `${made++}`);
      cpSync(directories.get(log)!, directory, { recursive: true });
      await log.close();
      return await open(directory);
    },
  };
}

describeRaftStorage("a log", logUnderTest(1 << 20));
describeRaftStorage("a log in small segments", logUnderTest(4096));
describeRaftStorage("a log in segments of one sector", logUnderTest(512));
