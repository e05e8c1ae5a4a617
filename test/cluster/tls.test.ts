/** Members as processes that speak TLS with each other and with clients, as the flags of the built command have it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lattice, TestCluster, type MemberProcess } from "../../packages/testkit/src/clusters/index.ts";
import { describe, expect, onTestFinished, test } from "vitest";

const ENTRY = join(import.meta.dirname, "../../apps/cli/dist/lattice.js");
const CERTIFICATES = join(import.meta.dirname, "../../packages/raft-net/test/certificates");

function peerFlags(certificate: string): string[] {
  const flag = (name: string, file: string): string[] => [`--peer-${name}`, join(CERTIFICATES, file)];
  return [
    ...flag("cert-file", `${certificate}.crt`),
    ...flag("key-file", `${certificate}.key`),
    ...flag("trusted-ca-file", "cluster.crt"),
  ];
}

function run(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [ENTRY, "cluster", ...argv], {
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

describe.skipIf(!existsSync(ENTRY))("members that speak TLS with each other", () => {
  test("serve clients, survive a crash, and let in nobody without a certificate of theirs", async () => {
    const directory = mkdtempSync(join(tmpdir(), "lattice-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const program = lattice(ENTRY);
    await using cluster = await TestCluster.start({
      ...{ program, size: 3, directory, flags: peerFlags("member") },
    });
    const [first, second, third] = cluster.members as [MemberProcess, MemberProcess, MemberProcess];
    expect(run("put", "color", "red", "--endpoints", first.address)).toEqual({ code: 0, out: "", err: "" });
    await third.end("SIGKILL");
    expect(run("put", "color", "blue", "--endpoints", second.address)).toMatchObject({ code: 0 });
    third.start();
    await cluster.untilServing(third);
    expect(run("get", "color", "--endpoints", third.address)).toMatchObject({ out: "blue\n" });
    const stranger = run(
      ...["start", "--name", "n4", "--data", join(directory, "n4"), "--client", "127.0.0.1:0"],
      ...["--peer", "127.0.0.1:0", "--join", `127.0.0.1:${first.seat.peerPort}`, ...peerFlags("stranger")],
    );
    expect(stranger.code).toBe(1);
    expect(stranger.err).toMatch(/^error: /);
  });
});
