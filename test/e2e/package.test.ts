/**
 * The package that `pnpm package` makes, unpacked where nothing of this repository is in reach but what it would get from a registry.
 * (`pnpm package --try` installs it from there with npm, which takes a network.)
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePackage } from "../../scripts/package.ts";

const root = join(import.meta.dirname, "../..");
const hasNpm = spawnSync("npm", ["--version"]).status === 0;

describe.skipIf(!hasNpm)("the package of the command (skipped where npm is not installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "lattice-package-test-"));
  const unpacked = join(folder, "package");

  beforeAll(() => {
    const tarball = makePackage(folder);
    expect(spawnSync("tar", ["-xzf", tarball, "-C", folder]).status).toBe(0);
    // What a registry would give.
    const [all, registry] = [join(root, "node_modules/.pnpm/node_modules"), join(folder, "node_modules")];
    mkdirSync(registry);
    for (const name of readdirSync(all)) {
      if (name !== "@lattice" && !name.startsWith(".")) symlinkSync(join(all, name), join(registry, name));
    }
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const manifest = () =>
    JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")) as Record<string, unknown>;

  it("has the command, its man page, its services and the licences of what is bundled; no maps, no sources", () => {
    expect(readdirSync(unpacked).toSorted()).toEqual([
      "LICENSE",
      "README.md",
      "THIRD-PARTY-NOTICES.txt",
      "dist",
      "man",
      "node_modules",
      "package.json",
      "service",
    ]);
    expect(readdirSync(join(unpacked, "dist")).filter((file) => !/\.js$|^web$/.test(file))).toEqual([]);
    const { bin, man } = manifest() as { bin: { lattice: string }; man: string[] };
    for (const file of [bin.lattice, ...man]) expect(existsSync(join(unpacked, file))).toBe(true);
    const notices = readFileSync(join(unpacked, "THIRD-PARTY-NOTICES.txt"), "utf8");
    expect(notices).toMatch(/^libp2p 3/m);
    expect(notices).toMatch(/^yargs-parser /m);
  });

  it("depends on nothing but what has native code, at exact versions, and brings what is patched along", () => {
    const { dependencies, bundleDependencies } = manifest() as {
      dependencies: Record<string, string>;
      bundleDependencies: string[];
    };
    expect(Object.keys(dependencies).toSorted()).toEqual(["@chainsafe/libp2p-quic", "lmdb"]);
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(bundleDependencies).toEqual(["@chainsafe/libp2p-quic"]);
    const stream = readFileSync(
      join(unpacked, "node_modules/@chainsafe/libp2p-quic/dist/src/stream.js"),
      "utf8",
    );
    expect(stream).toContain("CHUNK_SIZE = 65536");
  });

  it("runs: a node, and its command line", () => {
    const data = join(folder, "data");
    mkdirSync(data);
    const { status, stdout, stderr } = spawnSync(join(unpacked, "dist/lattice.js"), ["--embedded"], {
      cwd: data,
      env: { PATH: `${join(process.execPath, "..")}:/usr/bin:/bin`, HOME: data, LATTICE_LISTEN: "127.0.0.1" },
      input: "store create --root\nput hello world\nget hello\nnode status --json\n",
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [value, node] = stdout.split("\n");
    expect(value).toBe("world");
    expect((JSON.parse(node!) as { addresses: string[] }).addresses.join()).toContain("quic-v1");
  });
});

const SERVICE = join(root, "apps/cli/service");
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
const hasPython = spawnSync("python3", ["--version"]).status === 0;

it.skipIf(!hasSystemd)(
  "systemd finds no fault in its unit (skipped where systemd-analyze is not installed)",
  () => {
    const runtime = mkdtempSync(join(tmpdir(), "lattice-systemd-"));
    const { status, stderr } = spawnSync(
      "systemd-analyze",
      ["--user", "verify", "--man=no", join(SERVICE, "lattice.service")],
      { encoding: "utf8", env: { PATH: process.env["PATH"], HOME: runtime, XDG_RUNTIME_DIR: runtime } },
    );
    rmSync(runtime, { recursive: true });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  },
);

it.skipIf(!hasPython)(
  "the file for launchd is a property list that starts the daemon (skipped where python3 is not installed)",
  () => {
    const read = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    const { status, stdout, stderr } = spawnSync(
      "python3",
      ["-c", read, join(SERVICE, "org.lattice.node.plist")],
      {
        encoding: "utf8",
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      Label: "org.lattice.node",
      ProgramArguments: ["/usr/bin/env", "lattice", "--daemon"],
      KeepAlive: { SuccessfulExit: false },
    });
  },
);
