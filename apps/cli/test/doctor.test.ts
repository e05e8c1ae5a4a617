import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { FakeNode } from "./fake-node.ts";
import { run, temporaryDirectory } from "./harness.ts";

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly text: string;
  readonly remedy: string;
}

async function findings(node: FakeNode, env: Record<string, string> = {}): Promise<[number, Finding[]]> {
  const { code, out } = await run(["node", "doctor", "--json"], { node, env });
  return [code, (JSON.parse(out) as { findings: Finding[] }).findings];
}

function of(found: readonly Finding[], check: string): string {
  return found
    .filter((each) => each.check === check)
    .map(({ verdict, text }) => `${verdict}: ${text}`)
    .join("\n");
}

test("looks at what it can where no node runs, and says how to start one", async () => {
  const node = new FakeNode();
  node.isRunning = false;
  const place = join(temporaryDirectory(), "a place");
  mkdirSync(place);
  chmodSync(place, 0o755);
  const [code, found] = await findings(node, { LATTICE_DATA: place });
  expect(code).toBe(0);
  expect(found.map(({ check }) => check)).toEqual(["Node", "socket path", "data directory", "disk", "node"]);
  expect(found[2]).toMatchObject({ verdict: "warning", remedy: `chmod 700 '${place}'` });
  const remedy = `start one with: lattice --daemon --data '${place}'`;
  expect(found.at(-1)).toMatchObject({ verdict: "warning", remedy });
});

test("tells what the node warns of, and each store that has a problem", async () => {
  const node = new FakeNode();
  node.create({ name: "well" });
  node.create({ name: "ill", problem: "its log is damaged" });
  const [code, found] = await findings(node);
  expect(code).toBe(1);
  expect(of(found, "node")).toContain("warning: the disk is nearly full");
  expect(of(found, "store ill")).toBe("problem: its log is damaged");
  expect(of(found, "store well")).toBe("warning: the other member is not connected");
});

test("finds a key that others can read, one of a wrong size, and a directory that is open", async () => {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  const key = join(directory, "identity.key");
  writeFileSync(key, new Uint8Array(32), { mode: 0o644 });
  const [code, found] = await findings(new FakeNode(), { LATTICE_DATA: directory });
  expect(code).toBe(1);
  expect(of(found, "data directory")).toContain("open to others (mode 755)");
  expect(found.find(({ check }) => check === "identity")).toMatchObject({
    verdict: "problem",
    remedy: `chmod 600 ${key}`,
  });
  writeFileSync(key, "short");
  chmodSync(key, 0o600);
  const [, later] = await findings(new FakeNode(), { LATTICE_DATA: directory });
  expect(of(later, "identity")).toContain("has 5 bytes");
});

test.skipIf(process.getuid?.() === 0)(
  "finds a directory that it may not look into (skipped for root)",
  async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "identity.key"), new Uint8Array(32), { mode: 0o600 });
    chmodSync(directory, 0o600);
    onTestFinished(() => chmodSync(directory, 0o700));
    const [code, found] = await findings(new FakeNode(), { LATTICE_DATA: directory });
    expect(code).toBe(1);
    expect(of(found, "data directory")).toMatch(/^problem: no permission to look at .*identity.key$/);
  },
);

test("does not say to stop a node that is somebody else's", async () => {
  const node = new FakeNode();
  const refused = new LatticeError("permission-denied", "no permission to use /x/lattice.sock");
  vi.spyOn(node, "access", "get").mockReturnValue({
    ...node.access,
    connect: () => Promise.reject(refused),
  });
  const [code, found] = await findings(node);
  expect(code).toBe(1);
  expect(found.at(-1)).toMatchObject({ text: refused.message, remedy: "run this as who runs the node" });
});

test("refuses a place that is too deep for a socket", async () => {
  const [, found] = await findings(new FakeNode(), {
    LATTICE_DATA: join(temporaryDirectory(), "d".repeat(120)),
  });
  expect(of(found, "socket path")).toMatch(/^problem: .* is too long for a socket$/);
});

test("for a person stands in columns, what to do below", async () => {
  const node = new FakeNode();
  node.isRunning = false;
  const { out, code } = await run(["node", "doctor"], { node });
  expect(code).toBe(0);
  expect(out).toMatch(/^ok {7}Node {12}v\d+/);
  expect(out).toContain(
    "\nwarning  node            none runs on this data directory\n         → start one with: lattice --daemon --data /",
  );
});
