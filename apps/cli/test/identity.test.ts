import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signerFromSeed, systemRandom, toHex } from "@lattice/model";
import { putIdentity } from "@lattice/runtime/identity";
import { describe, expect, test } from "vitest";
import { run, start, temporaryDirectory, type Result, type RunOptions } from "./harness.ts";

const EXPORT = ["node", "identity", "export"];
const IMPORT = ["node", "identity", "import"];
const NOTE = "note: whoever reads this can write in this node's name\n";
const WARNING = "note: never start the old node again: two nodes with one identity fork each other's log\n";

/** A data directory with an identity, and a place for files. */
function world(): { data: string; key: string; file: string; other: string } {
  const data = temporaryDirectory();
  const seed = systemRandom.bytes(32);
  putIdentity(data, seed);
  const key = toHex(signerFromSeed(seed).publicKey);
  return { data, key, file: join(temporaryDirectory(), "id.txt"), other: join(temporaryDirectory(), "data") };
}

function runAt(data: string, argv: readonly string[], env: RunOptions["env"] = {}): Promise<Result> {
  return run(["--data", data, ...argv], { env });
}

/** Answers each prompt in its turn; gives the exit code and all that the terminal has shown. */
async function dialogue(argv: readonly string[], answers: readonly string[]): Promise<[number, string]> {
  const { input, output, exit } = start(["--color", "never", ...argv], { terminal: "full", merge: true });
  for (const [at, answer] of answers.entries()) {
    await output.until((text) => text.split(": ").length === at + 2);
    input.write(`${answer}\r`);
  }
  return [await exit, output.text];
}

function refused(text: string, code = 1): Result {
  return { code, out: "", err: `error: ${text}\n` };
}

describe("node identity export", () => {
  test("writes a file for its owner alone, and says what that file is worth", async () => {
    const { data, key, file } = world();
    expect(await runAt(data, [...EXPORT, file])).toEqual({ code: 0, out: `${key}\n`, err: NOTE });
    expect(readFileSync(file, "utf8")).toMatch(
      new RegExp(`^lattice identity 1\npublic key: ${key}\nseed: [0-9a-f]{64}\n$`),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("never writes over a file", async () => {
    const { data, file } = world();
    writeFileSync(file, "mine");
    expect(await runAt(data, [...EXPORT, file])).toEqual(
      refused(`${file} is there already: name another file, or move it away`),
    );
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  test("writes to the standard output, which is then all that is there", async () => {
    const { data, file } = world();
    await runAt(data, [...EXPORT, file]);
    expect(await runAt(data, [...EXPORT, "-"])).toEqual({
      code: 0,
      out: readFileSync(file, "utf8"),
      err: NOTE,
    });
    expect((await runAt(data, [...EXPORT, "-", "--json"])).code).toBe(2);
  });

  test("seals it with a passphrase of a file or of the environment", async () => {
    const { data, key, file } = world();
    const secret = join(temporaryDirectory(), "secret");
    writeFileSync(secret, "four words of mine\nand a remark");
    expect(await runAt(data, [...EXPORT, file, "--passphrase-file", secret])).toEqual({
      code: 0,
      out: `${key}\n`,
      err: "",
    });
    expect(readFileSync(file, "utf8")).toContain("\nsealed seed: ");
    const sealed = await runAt(data, [...EXPORT, "-", "--passphrase"], { LATTICE_PASSPHRASE: "others" });
    expect(sealed).toMatchObject({ code: 0, out: expect.stringContaining("\nsealed seed: "), err: "" });
  });

  test("asks for it twice, and shows none of it", async () => {
    const { data, key, file } = world();
    const argv = ["--data", data, ...EXPORT, file, "--passphrase"];
    expect(await dialogue(argv, ["four words", "four word"])).toEqual([
      1,
      "Passphrase: \nThe same again: \nerror: the two passphrases differ: try again\n",
    ]);
    expect(await dialogue(argv, ["", ""])).toEqual([
      1,
      "Passphrase: \nThe same again: \nerror: the passphrase is empty: give one of some words\n",
    ]);
    expect(await dialogue(argv, ["\u0003"])).toEqual([1, "Passphrase: \nerror: nothing was answered\n"]);
    expect(existsSync(file)).toBe(false);
    expect(await dialogue(argv, ["four words", "four words"])).toEqual([
      0,
      `Passphrase: \nThe same again: \n${key}\n`,
    ]);
    expect(readFileSync(file, "utf8")).toContain("\nsealed seed: ");
  });

  test("says how to give a passphrase where nobody can be asked", async () => {
    const { data, file } = world();
    const answer = await runAt(data, [...EXPORT, file, "--passphrase"]);
    expect(answer).toMatchObject({ code: 2, err: expect.stringContaining("give --passphrase-file or") });
    const script = await run(["-"], { env: { LATTICE_DATA: data }, input: `node identity export ${file}` });
    expect(script).toMatchObject({ code: 0, err: NOTE });
  });

  test("takes an empty passphrase for a mistake", async () => {
    const { data, file } = world();
    for (const [env, ...flags] of [[{ LATTICE_PASSPHRASE: "" }], [{}, "--passphrase-file", "/dev/null"]] as [
      RunOptions["env"],
      ...string[],
    ][]) {
      const answer = await runAt(data, [...EXPORT, file, ...flags], env);
      expect(answer).toEqual(refused("the passphrase is empty: give one of some words"));
    }
    expect(existsSync(file)).toBe(false);
  });

  test("says what is wrong with a directory or a file", async () => {
    const { data, file, other } = world();
    expect((await runAt(other, [...EXPORT, file])).err).toContain(`there is no identity in ${other}`);
    expect(existsSync(other)).toBe(false);
    const nowhere = join(other, "id.txt");
    expect(await runAt(data, [...EXPORT, nowhere])).toEqual(
      refused(`cannot write ${nowhere}: its directory does not exist`),
    );
    const bytes = join(temporaryDirectory(), "bytes");
    writeFileSync(bytes, new Uint8Array([0xff, 0xfe]));
    expect((await runAt(data, [...EXPORT, file, "--passphrase-file", bytes])).err).toContain("is no text");
  });

  test("opens no node, so that none makes another identity", async () => {
    const { file } = world();
    const empty = temporaryDirectory();
    const started = start(["--embedded", "--data", empty, ...EXPORT, file]);
    expect([await started.exit, started.node.opened]).toEqual([1, []]);
    expect(readdirSync(empty)).toEqual([]);
  });
});

describe("node identity import", () => {
  test("gives a new directory the identity, for its owner alone, and warns of a second one", async () => {
    const { data, key, file, other } = world();
    await runAt(data, [...EXPORT, file]);
    expect(await runAt(other, [...IMPORT, file])).toEqual({ code: 0, out: `${key}\n`, err: WARNING });
    const path = join(other, "identity.key");
    expect(readFileSync(path)).toEqual(readFileSync(join(data, "identity.key")));
    expect([statSync(path).mode & 0o777, statSync(other).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(readdirSync(other)).toEqual(["identity.key"]);
  });

  test("reads the standard input, and answers in JSON", async () => {
    const { data, key, other } = world();
    const { out: input } = await runAt(data, [...EXPORT, "-"]);
    const { out } = await run(["--data", other, ...IMPORT, "-", "--json"], { input });
    expect(JSON.parse(out)).toEqual({ public_key: key, data: other });
  });

  test("opens a sealed one with the passphrase, which it asks for", async () => {
    const { data, key, file, other } = world();
    const passphrase = { LATTICE_PASSPHRASE: "four words" };
    const { out } = await runAt(data, [...EXPORT, file, "--json"], passphrase);
    expect(JSON.parse(out)).toEqual({ public_key: key, file, sealed: true });
    const argv = ["--data", other, ...IMPORT, file];
    const wrong = `error: cannot import ${file}: the passphrase is wrong, or the file is damaged\n`;
    expect(await dialogue(argv, ["other words"])).toEqual([1, `Passphrase: \n${wrong}`]);
    expect(await run(argv, { env: { LATTICE_PASSPHRASE: "other" } })).toEqual({
      code: 1,
      out: "",
      err: wrong,
    });
    expect(await run(argv)).toMatchObject({ code: 2, out: "" });
    expect(existsSync(other)).toBe(false);
    expect(await dialogue(argv, ["four words"])).toEqual([0, `Passphrase: \n${key}\n${WARNING}`]);
  });

  test("leaves a directory that has an identity as it is, and names that", async () => {
    const { data, file } = world();
    await runAt(data, [...EXPORT, file]);
    const second = world();
    const before = readFileSync(join(second.data, "identity.key"));
    const { code, err } = await runAt(second.data, [...IMPORT, file]);
    expect([code, err]).toEqual([1, expect.stringContaining(`has the identity ${second.key} already`)]);
    expect(readFileSync(join(second.data, "identity.key"))).toEqual(before);
  });

  test("refuses what is none, and touches nothing", async () => {
    const { data, file, other } = world();
    await runAt(data, [...EXPORT, file]);
    const good = readFileSync(file, "utf8");
    const bad = join(temporaryDirectory(), "bad");
    for (const [content, text] of [
      ["hello", "it is no exported identity"],
      [good.replace("identity 1", "identity 9"), "it is of version 9: update"],
      [good.slice(0, -20), "it is damaged"],
      ["x".repeat(70_000), "has more than 65536 bytes"],
    ] as const) {
      writeFileSync(bad, content);
      const answer = await runAt(other, [...IMPORT, bad]);
      expect(answer).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^error: [^\n]+\n$/) });
      expect(answer.err).toContain(text);
    }
    expect(await runAt(other, [...IMPORT, join(bad, "..", "none")])).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no such file"),
    });
    expect(await runAt(other, [...IMPORT, file, "--passphrase"])).toEqual(
      refused(`${file} is not sealed: import it without a passphrase`, 2),
    );
    expect(existsSync(other)).toBe(false);
  });
});
