import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  decodeIdentity,
  encodeIdentity,
  loadIdentity,
  loadIdentitySeed,
  unsealSeed,
} from "../../packages/kernel/src/index.ts";
import { sha256, signerFromSeed, systemRandom, toHex, utf8 } from "../../packages/model/src/index.ts";
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

describe("an exported identity", () => {
  const seed = sha256(utf8("seed"));
  const publicKey = toHex(signerFromSeed(seed).publicKey);
  const passphrase = "correct horse";
  const clear = encodeIdentity(seed);
  const sealed = encodeIdentity(seed, { passphrase, random: systemRandom, cost: 1 });
  const refusals = ["invalid-argument", "unsupported-schema", "corrupt", "too-large"] as const;
  /** The changes of bytes seldom leave it in its form, so some of its digits are changed as digits. */
  const reworded = fc
    .tuple(
      fc.constantFrom(clear, sealed),
      fc.nat({ max: 0xffff }),
      fc.constantFrom(..."0123456789abcdef,= \n"),
    )
    .map(([text, at, letter]) =>
      utf8(text.slice(0, at % text.length) + letter + text.slice((at % text.length) + 1)),
    );

  it("of any bytes is the one that was exported, or is refused", () => {
    fc.assert(
      fc.property(fc.oneof(mutateBytes([clear, sealed].map(utf8)), reworded), (bytes) => {
        const identity = outcomeOf(refusals, () => decodeIdentity(bytes));
        if (identity === undefined) return;
        const isClear = "seed" in identity;
        const opened = isClear
          ? identity.seed
          : outcomeOf(["unauthenticated"], () => unsealSeed(identity, passphrase));
        if (opened === undefined) return;
        expect([toHex(opened), toHex(identity.publicKey)]).toEqual([toHex(seed), publicKey]);
        const text = new TextDecoder().decode(bytes).replaceAll("\r\n", "\n");
        expect(`${text.trimEnd()}\n`).toBe(isClear ? clear : sealed);
      }),
      fuzzRuns(3000),
    );
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
