/**
 * The histories that Porcupine is tested with (github.com/anishathalye/porcupine, `test_data`, MIT), against the verdicts
 * that it publishes. They are not part of this repository: copy `test_data` to vectors/porcupine, or set LATTICE_PORCUPINE
 * to where it is. Without them, the tests are skipped.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkHistory, kvModel, parseJepsenRegisterLog, parseKvLog, registerModel } from "@lattice/check";

const folder = process.env["LATTICE_PORCUPINE"] ?? join(import.meta.dirname, "../../../vectors/porcupine");
const etcdLogs = existsSync(folder) ? globSync("**/etcd_[0-9][0-9][0-9].log", { cwd: folder }).sort() : [];
const kvLogs = existsSync(folder) ? globSync("**/c[0-9]*-{ok,bad}.txt", { cwd: folder }).sort() : [];

const LINEARIZABLE: ReadonlySet<number> = new Set([
  2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102,
]);

function read(path: string): string {
  return readFileSync(join(folder, path), "utf8");
}

describe.skipIf(etcdLogs.length === 0)(`Jepsen's logs of etcd (skipped unless they are in ${folder})`, () => {
  it("are there", () => expect(etcdLogs.length).toBeGreaterThan(0));

  it.each(etcdLogs)("%s", (path) => {
    const number = Number(/\d+/.exec(basename(path))![0]);
    const { verdict } = checkHistory(registerModel, parseJepsenRegisterLog(read(path)));
    expect(verdict).toBe(LINEARIZABLE.has(number) ? "linearizable" : "violation");
  });
});

describe.skipIf(kvLogs.length === 0)(`logs of a map (skipped unless they are in ${folder})`, () => {
  it("are there", () => expect(kvLogs.length).toBeGreaterThan(0));

  it.each(kvLogs)("%s", (path) => {
    const { verdict } = checkHistory(kvModel, parseKvLog(read(path)));
    expect(verdict).toBe(path.endsWith("-ok.txt") ? "linearizable" : "violation");
  });
});
