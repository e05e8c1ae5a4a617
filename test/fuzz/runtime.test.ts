import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { loadIdentity, loadIdentitySeed } from "../../packages/kernel/src/index.ts";
import { toHex, utf8 } from "../../packages/model/src/index.ts";
import { acquireLock } from "../../packages/storage/src/lock-file.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { outcomeOf } from "./outcome.ts";

const directory = mkdtempSync(join(tmpdir(), "lattice-fuzz-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("an identity file", () => {
  it("of any bytes is a seed or is refused, and stays what it is", () => {
    const path = join(directory, "identity.key");
    const seed = loadIdentitySeed(path);
    fc.assert(
      fc.property(mutateBytes([seed]), (bytes) => {
        writeFileSync(path, bytes);
        const read = outcomeOf(["failed-precondition"], () => loadIdentitySeed(path));
        expect(read !== undefined).toBe(bytes.length === seed.length);
        if (read === undefined) return;
        expect(toHex(read)).toBe(toHex(bytes));
        expect(loadIdentity(path).publicKey).toHaveLength(32);
      }),
      fuzzRuns(1000),
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe("a lock file", () => {
  const path = join(directory, "lattice.lock");
  const options = { path, directory, whatToDo: "" };
  const mine = acquireLock(options);
  mine.release();
  const owners = [`${process.pid}\n1\n`, "1\n\n", `${2 ** 31}\n5\n`, "-1\n", "0x10\n7", ""].map(utf8);

  it("of any bytes is taken over, or names who has it", () => {
    fc.assert(
      fc.property(mutateBytes(owners), (bytes) => {
        writeFileSync(path, bytes);
        const lock = outcomeOf(["in-use"], () => acquireLock(options));
        lock?.release();
        expect(readdirSync(directory).filter((name) => name.startsWith("lattice.lock."))).toEqual([]);
        rmSync(path, { force: true });
      }),
      fuzzRuns(1000),
    );
  });
});
