import { readFileSync } from "node:fs";
import { EtcdError } from "@lattice/etcd-proto";
import { GrpcCode, GrpcError } from "@lattice/grpc-front";
import { utf8 } from "@lattice/model";
import { describe, expect, onTestFinished, test } from "vitest";
import { openClusterClient, type ClusterClient, type ClusterClientOptions } from "../../src/client/index.ts";
import { ScriptedMember } from "./scripted-member.ts";

const KEY = { key: utf8("k") };

async function client(
  members: readonly ScriptedMember[],
  options: Partial<ClusterClientOptions> = {},
): Promise<ClusterClient> {
  const opened = await openClusterClient({ endpoints: members.map(({ endpoint }) => endpoint), ...options });
  onTestFinished(() => opened.close());
  return opened;
}

function members(count: number): Promise<ScriptedMember[]> {
  return Promise.all(Array.from({ length: count }, () => ScriptedMember.start()));
}

describe("a read", () => {
  test("goes to the next member where one is not there, and stays with it", async () => {
    const [gone, there] = await members(2);
    await gone!.stop();
    const { kv } = await client([gone!, there!]);
    expect((await kv.range(KEY)).count).toBe(5n);
    await kv.range(KEY);
    expect(there!.asked).toHaveLength(2);
  });

  test.each(["noLeader", "timeout", "leaderChanged", "stopped", "break"] as const)(
    "goes to the next member after %s",
    async (act) => {
      const [first, second] = await members(2);
      first!.script.set("Range", [act]);
      const { kv } = await client([first!, second!]);
      expect((await kv.range(KEY)).count).toBe(5n);
      expect([first!.asked.length, second!.asked.length]).toEqual([1, 1]);
    },
  );

  test("does not wait for ever for a member that stands still", async () => {
    const [first, second] = await members(2);
    first!.script.set("Range", ["hang"]);
    const { kv } = await client([first!, second!]);
    expect((await kv.range(KEY)).count).toBe(5n);
  });

  test("is not sent again where it was refused", async () => {
    const [first, second] = await members(2);
    first!.script.set("Range", ["emptyKey"]);
    const { kv } = await client([first!, second!]);
    await expect(kv.range(KEY)).rejects.toEqual(EtcdError.of("emptyKey"));
    expect(second!.asked).toEqual([]);
  });

  test("says who does not answer, once its time is over", async () => {
    const all = await members(2);
    for (const member of all) await member.stop();
    const { kv } = await client(all, { timeoutMs: 300 });
    await expect(kv.range(KEY)).rejects.toMatchObject({
      code: "unavailable",
      message: `no member answers at ${all[0]!.endpoint}, ${all[1]!.endpoint}`,
    });
  });

  test("comes through when the cluster has a leader again", async () => {
    const [only] = await members(1);
    only!.script.set("Range", ["noLeader", "noLeader", "noLeader", "answer"]);
    const { kv } = await client([only!]);
    expect((await kv.range(KEY)).count).toBe(5n);
  });
});

describe("a write", () => {
  test("is sent again with the same number, so that it is done once", async () => {
    const [first, second] = await members(2);
    first!.script.set("Put", ["timeoutDueToLeaderFail"]);
    const { kv } = await client([first!, second!]);
    await kv.put(KEY);
    await kv.put(KEY);
    const asked = [...first!.asked, ...second!.asked];
    expect(new Set(asked.map(({ session }) => session)).size).toBe(1);
    expect(asked[0]!.session).toMatch(/^[0-9a-f]{32}$/);
    expect(asked.map(({ seq }) => seq)).toEqual(["1", "1", "2"]);
  });

  test("has a session of its own among those that are under way", async () => {
    const [only] = await members(1);
    const { kv } = await client([only!]);
    await Promise.all(Array.from({ length: 200 }, () => kv.put(KEY)));
    const numbers = only!.asked.map(({ session, seq }) => `${session} ${seq}`);
    expect(new Set(numbers).size).toBe(200);
  });

  test.each(["timeout", "break", "hang"] as const)(
    "without a session is not sent again after %s",
    async (act) => {
      const [first, second] = await members(2);
      first!.script.set("Put", [act]);
      const { kv } = await client([first!, second!], { sessions: false, timeoutMs: 1_000 });
      await expect(kv.put(KEY)).rejects.toThrow();
      expect(second!.asked).toEqual([]);
      expect(first!.asked).toMatchObject([{ session: undefined, seq: undefined }]);
    },
  );

  test("without a session is sent again where it cannot have been done", async () => {
    const [first, second, third] = await members(3);
    await first!.stop();
    second!.script.set("MemberAdd", ["noLeader"]);
    const { cluster } = await client([first!, second!, third!]);
    await cluster.memberAdd({ peerURLs: ["http://127.0.0.1:1"] });
    expect(third!.asked).toMatchObject([{ method: "MemberAdd", session: undefined }]);
  });

  const forgotten = new GrpcError(
    GrpcCode.FAILED_PRECONDITION,
    "lattice: there is no such session (any more), so request 2 may have been done; begin a new session with number 1",
  );

  test("begins a new session where the cluster has forgotten the old one", async () => {
    const [only] = await members(1);
    only!.script.set("Put", ["answer", forgotten, "answer"]);
    const { kv } = await client([only!]);
    await kv.put(KEY);
    await kv.put(KEY);
    const [first, refused, again] = only!.asked;
    expect(refused).toMatchObject({ session: first!.session, seq: "2" });
    expect(again!.session).not.toBe(first!.session);
    expect(again!.seq).toBe("1");
  });

  test("does not, where it may have been done before that", async () => {
    const [first, second] = await members(2);
    first!.script.set("Put", ["answer", "timeout"]);
    second!.script.set("Put", [forgotten]);
    const { kv } = await client([first!, second!]);
    await kv.put(KEY);
    await expect(kv.put(KEY)).rejects.toThrow("may have been done");
    expect(second!.asked).toHaveLength(1);
  });
});

describe("a user", () => {
  const user = { name: "ann", password: "secret" };

  test("gets a token before the first call, and another when it is not good any more", async () => {
    const [only] = await members(1);
    only!.script.set("Range", ["answer", "invalidAuthToken", "answer"]);
    const { kv } = await client([only!], { user });
    await kv.range(KEY);
    await kv.range(KEY);
    expect(only!.asked.map(({ method, token }) => `${method} ${token}`)).toEqual([
      "Authenticate undefined",
      "Range token-1",
      "Range token-1",
      "Authenticate undefined",
      "Range token-2",
    ]);
  });

  test("is told that the password is wrong", async () => {
    const [only] = await members(1);
    only!.script.set("Authenticate", ["authFailed"]);
    const { kv } = await client([only!], { user });
    await expect(kv.range(KEY)).rejects.toEqual(EtcdError.of("authFailed"));
  });
});

test("a call that is cancelled, or whose client is closed, says so at once", async () => {
  const [only] = await members(1);
  only!.script.set("Range", ["hang"]);
  const opened = await client([only!]);
  const { kv } = opened;
  const abort = new AbortController();
  const cancelled = kv.range(KEY, { signal: abort.signal });
  abort.abort();
  await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
  const closing = kv.range(KEY);
  void opened.close();
  await expect(closing).rejects.toMatchObject({ code: "closed" });
  await expect(kv.range(KEY)).rejects.toMatchObject({ code: "closed" });
});

describe("over TLS", () => {
  const pem = (name: string): Buffer =>
    readFileSync(new URL(`../../../grpc-front/test/certificates/${name}`, import.meta.url));
  const server = { cert: pem("server.crt"), key: pem("server.key"), clientCa: pem("authority.crt") };
  const ca = pem("authority.crt");
  const SOON = { timeoutMs: 1_000 };

  test("each side shows its certificate", async () => {
    const member = await ScriptedMember.start(server);
    const { kv } = await client([member], { tls: { ca, cert: pem("alice.crt"), key: pem("alice.key") } });
    expect((await kv.range(KEY)).count).toBe(5n);
  });

  test("nothing is asked without one, or with that of another authority", async () => {
    const member = await ScriptedMember.start(server);
    const mallory = { ca, cert: pem("mallory.crt"), key: pem("mallory.key") };
    for (const tls of [{ ca }, mallory, { cert: pem("alice.crt"), key: pem("alice.key") }]) {
      const { kv } = await client([member], { tls, ...SOON });
      await expect(kv.range(KEY)).rejects.toMatchObject({
        code: expect.stringMatching(/unavailable|timeout/),
      });
    }
    expect(member.asked).toEqual([]);
  });
});

test.each(["", "http://", "a b", "host:99999", "ftp://host:1", "user@host:1"])(
  "%j is no endpoint",
  async (text) => {
    await expect(openClusterClient({ endpoints: [text] })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  },
);
