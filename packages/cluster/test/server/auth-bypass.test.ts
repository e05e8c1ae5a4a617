/** What somebody would try who may do a little and wants more; against a whole member, over gRPC. */
import { etcdserverpb, v3electionpb, v3lockpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { statusOfCall as status } from "./status.ts";
import { startOneMember, type OneMember } from "./one-member.ts";
import { WatchCall } from "./watch-call.ts";

const { Auth, Cluster, KV, Lease, Maintenance } = etcdserverpb;
const { Lock } = v3lockpb;
const { Election } = v3electionpb;

let one: OneMember;
/** Tokens. */
let root: string;
let ann: string;
let bob: string;

const DENIED = "7 etcdserver: permission denied";
const NOBODY = "3 etcdserver: user name is empty";
const UNKNOWN = "16 etcdserver: invalid auth token";

type ServiceOf = Parameters<OneMember["client"]["ask"]>[0];

function ask<R extends object = object>(
  service: ServiceOf,
  name: string,
  request: object,
  token?: string,
): Promise<R> {
  return one.client.ask<R>(service, name, request, token === undefined ? {} : { token });
}

async function logIn(name: string): Promise<string> {
  const response = await ask<etcdserverpb.AuthenticateResponse>(Auth, "Authenticate", {
    name,
    password: name,
  });
  return response.token;
}

/** Who may read and write all keys that begin with its name and a slash. */
async function addUser(name: string, token?: string): Promise<void> {
  const perm = { permType: 2, key: utf8(`${name}/`), rangeEnd: utf8(`${name}0`) };
  await ask(Auth, "UserAdd", { name, password: name }, token);
  await ask(Auth, "RoleAdd", { name }, token);
  await ask(Auth, "RoleGrantPermission", { name, perm }, token);
  await ask(Auth, "UserGrantRole", { user: name, role: name }, token);
}

const put = (key: string, token?: string, more: object = {}) =>
  ask(KV, "Put", { key: utf8(key), value: utf8("value"), ...more }, token);

async function valueOf(key: string): Promise<string | undefined> {
  const { kvs } = await ask<etcdserverpb.RangeResponse>(KV, "Range", { key: utf8(key) }, root);
  return kvs[0] && Buffer.from(kvs[0].value).toString();
}

beforeAll(async () => {
  one = await startOneMember();
  await ask(Auth, "UserAdd", { name: "root", password: "root" });
  await ask(Auth, "UserGrantRole", { user: "root", role: "root" });
  for (const name of ["ann", "bob"]) await addUser(name);
  await ask(Auth, "AuthEnable", {});
  root = await logIn("root");
});

afterAll(async () => {
  await one[Symbol.asyncDispose]();
});

beforeEach(async () => {
  // To log in takes a while, on purpose.
  if ((await status(put("ann/1", ann))) !== "ok") ann = await logIn("ann");
  if ((await status(put("bob/1", bob))) !== "ok") bob = await logIn("bob");
  for (const key of ["ann/1", "bob/1", "secret"]) await put(key, root);
});

describe("keys of others", () => {
  test("are neither read, written nor deleted", async () => {
    for (const key of ["bob/1", "secret", "ann", "ann0"]) {
      expect(await status(ask(KV, "Range", { key: utf8(key) }, ann))).toBe(DENIED);
      expect(await status(ask(KV, "Range", { key: utf8(key), serializable: true }, ann))).toBe(DENIED);
      expect(await status(put(key, ann))).toBe(DENIED);
      expect(await status(ask(KV, "DeleteRange", { key: utf8(key) }, ann))).toBe(DENIED);
    }
    expect(await status(put("ann/1", ann))).toBe("ok");
  });

  test.each([
    ["ann/", "\0"],
    ["ann/", "ann1"],
    ["\0", "\0"],
    ["a", "c"],
    ["ann/1", "\0"],
  ])("are not among those from %j to %j", async (key, rangeEnd) => {
    const range = { key: utf8(key), rangeEnd: utf8(rangeEnd) };
    for (const more of [{}, { countOnly: true }, { keysOnly: true }, { limit: 1n }, { serializable: true }]) {
      expect(await status(ask(KV, "Range", { ...range, ...more }, ann))).toBe(DENIED);
    }
    expect(await status(ask(KV, "DeleteRange", range, ann))).toBe(DENIED);
  });

  test("are not reached by what a transaction hides", async () => {
    const secret = { key: utf8("secret") };
    const op = (oneofKind: string, request: object) => ({ request: { oneofKind, [oneofKind]: request } });
    const hidden = [
      { success: [op("requestRange", secret)] },
      { failure: [op("requestRange", secret)] },
      { success: [op("requestPut", { ...secret, value: utf8("stolen") })] },
      { failure: [op("requestPut", secret)] },
      { success: [op("requestDeleteRange", secret)] },
      { compare: [{ ...secret, targetUnion: { oneofKind: "version", version: 0n } }] },
      {
        compare: [
          { key: utf8("ann/1"), rangeEnd: utf8("\0"), targetUnion: { oneofKind: "version", version: 0n } },
        ],
      },
      { success: [op("requestRange", { key: utf8("ann/"), rangeEnd: utf8("\0") })] },
    ];
    for (const txn of hidden) {
      expect(await status(ask(KV, "Txn", txn, ann))).toBe(DENIED);
      const within = { success: [op("requestPut", { key: utf8("ann/2") }), op("requestTxn", txn)] };
      expect(await status(ask(KV, "Txn", within, ann))).toBe(DENIED);
      expect(await status(ask(KV, "Txn", { failure: [op("requestTxn", within)] }, ann))).toBe(DENIED);
    }
    expect(await valueOf("secret")).toBe("value");
    expect(await valueOf("ann/2")).toBeUndefined();
  });

  test("are not there for who is nobody, or shows a token that there is not", async () => {
    for (const [token, why] of [
      [undefined, NOBODY],
      ["AAAAAAAAAAAAAAAA.1", UNKNOWN],
      [ann.replace(/\.\d+$/, ".1"), UNKNOWN],
      [ann.toLowerCase(), UNKNOWN],
      ["", UNKNOWN],
    ] as const) {
      expect(await status(ask(KV, "Range", { key: utf8("ann/1") }, token))).toBe(why);
      expect(await status(ask(KV, "Range", { key: utf8("ann/1"), serializable: true }, token))).toBe(why);
      expect(await status(put("ann/1", token))).toBe(why);
      expect(await status(ask(Lease, "LeaseGrant", { TTL: 60n, ttl: 60n }, token))).toBe(why);
      expect(await status(ask(Lease, "LeaseLeases", {}, token))).toBe(why);
      expect(await status(ask(Cluster, "MemberList", {}, token))).toBe(why);
      expect(await status(ask(KV, "Compact", { revision: 1n }, token))).toBe(why);
    }
  });
});

describe("what was there before", () => {
  test("is not told to who may only write", async () => {
    const perm = { permType: 1, key: utf8("drop"), rangeEnd: new Uint8Array(0) };
    await ask(Auth, "RoleGrantPermission", { name: "ann", perm }, root);
    await put("drop", root);
    const key = utf8("drop");
    expect(await status(put("drop", ann))).toBe("ok");
    expect(await status(put("drop", ann, { prevKv: true }))).toBe(DENIED);
    expect(await status(ask(KV, "DeleteRange", { key, prevKv: true }, ann))).toBe(DENIED);
    const puts = [{ request: { oneofKind: "requestPut", requestPut: { key, prevKv: true } } }];
    expect(await status(ask(KV, "Txn", { success: puts }, ann))).toBe(DENIED);
  });
});

describe("a lease of others", () => {
  let lease: bigint;

  beforeEach(async () => {
    lease = (await ask<etcdserverpb.LeaseGrantResponse>(Lease, "LeaseGrant", { ttl: 600n }, bob)).id;
    await put("bob/leased", bob, { lease });
  });

  test("is not revoked, nor are own keys bound to it that would go with it", async () => {
    expect(await status(ask(Lease, "LeaseRevoke", { id: lease }, ann))).toBe(DENIED);
    expect(await status(ask(Lease, "LeaseRevoke", { id: lease }))).toBe(NOBODY);
    expect(await status(put("ann/1", ann, { lease }))).toBe(DENIED);
    const bind = { request: { oneofKind: "requestPut", requestPut: { key: utf8("ann/1"), lease } } };
    expect(await status(ask(KV, "Txn", { success: [bind] }, ann))).toBe(DENIED);
    expect(await valueOf("bob/leased")).toBe("value");
    expect(await status(ask(Lease, "LeaseRevoke", { id: lease }, bob))).toBe("ok");
  });

  test("does not show its keys", async () => {
    const ttl = { id: lease, iD: lease };
    expect(await status(ask(Lease, "LeaseTimeToLive", { ...ttl, keys: true }, ann))).toBe(DENIED);
    expect(await status(ask(Lease, "LeaseTimeToLive", ttl, ann))).toBe("ok");
    expect(await status(ask(Lease, "LeaseTimeToLive", { ...ttl, keys: true }, bob))).toBe("ok");
  });

  test("is not kept alive by nobody", async () => {
    const message = etcdserverpb.LeaseKeepAliveRequest.toBinary({ id: lease });
    const path = "/etcdserverpb.Lease/LeaseKeepAlive";
    expect(await status(one.client.firstOf(path, message, {}))).toBe(NOBODY);
    expect(await status(one.client.firstOf(path, message, { token: "x" }))).toBe(UNKNOWN);
    expect(await status(one.client.firstOf(path, message, { token: bob }))).toBe("ok");
  });

  test("that holds one's own key is not revoked by who owns the rest", async () => {
    const shared = (await ask<etcdserverpb.LeaseGrantResponse>(Lease, "LeaseGrant", { ttl: 600n }, ann)).id;
    await put("ann/shared", ann, { lease: shared });
    expect(await status(put("bob/shared", bob, { lease: shared }))).toBe(DENIED);
  });
});

describe("locks and elections of others", () => {
  const denied = DENIED.replace("7", "2");

  test("are neither taken, given back nor looked at", async () => {
    const name = utf8("bob/lock");
    const { key } = await ask<v3lockpb.LockResponse>(Lock, "Lock", { name }, bob);
    expect(await status(ask(Lock, "Lock", { name }, ann))).toBe(denied);
    expect(await status(ask(Lock, "Unlock", { key }, ann))).toBe(denied);
    expect(await status(ask(Lock, "Unlock", { key }, bob))).toBe("ok");
    const { leader } = await ask<v3electionpb.CampaignResponse>(
      Election,
      "Campaign",
      { name, value: name },
      bob,
    );
    for (const [method, request] of [
      ["Campaign", { name }],
      ["Leader", { name }],
      ["Proclaim", { leader, value: utf8("x") }],
      ["Resign", { leader }],
    ] as const) {
      expect(await status(ask(Election, method, request, ann))).toBe(denied);
      expect(await status(ask(Election, method, request))).toBe(NOBODY.replace("3", "2"));
    }
  });
});

test("an election of others is not observed", async () => {
  const message = v3electionpb.LeaderRequest.toBinary({ name: utf8("bob/vote") });
  const path = "/v3electionpb.Election/Observe";
  expect(await status(one.client.firstOf(path, message, { token: ann }))).toBe(DENIED.replace("7", "2"));
  expect(await status(one.client.firstOf(path, message, {}))).toBe(NOBODY.replace("3", "2"));
  await ask(Election, "Campaign", { name: utf8("bob/vote"), value: utf8("x") }, bob);
  expect(await status(one.client.firstOf(path, message, { token: bob }))).toBe("ok");
});

describe("a member and its cluster", () => {
  const own = (): bigint => BigInt(one.member.id);

  test("are nobody's but an administrator's", async () => {
    for (const [method, request] of [
      ["MemberAdd", { peerURLs: ["http://127.0.0.1:2"] }],
      ["MemberRemove", { id: own() }],
      ["MemberUpdate", { id: own(), peerURLs: ["http://127.0.0.1:2"] }],
      ["MemberPromote", { id: own() }],
    ] as const) {
      expect(await status(ask(Cluster, method, request, ann))).toBe(DENIED);
      expect(await status(ask(Cluster, method, request))).toBe(NOBODY);
    }
    expect(await status(ask(Cluster, "MemberList", {}, ann))).toBe("ok");
  });

  test("are maintained by nobody else; in etcd's words", async () => {
    for (const [method, request] of [
      ["Defragment", {}],
      ["Hash", {}],
      ["HashKV", {}],
      ["MoveLeader", { targetID: own() }],
      ["Alarm", { action: 1, memberID: own(), alarm: 1 }],
      ["Snapshot", {}],
    ] as const) {
      expect(await status(ask(Maintenance, method, request, ann)), method).toBe("2 auth: permission denied");
      expect(await status(ask(Maintenance, method, request)), method).toBe("2 auth: user name is empty");
    }
    expect(await status(ask(Maintenance, "Status", {}))).toBe("ok");
  });
});

describe("a token", () => {
  test("is taken under both of its names", async () => {
    const request = { key: utf8("ann/1") };
    expect(await status(one.client.ask(KV, "Range", request, { authorization: ann }))).toBe("ok");
    expect(await status(one.client.ask(KV, "Range", request, { authorization: "x" }))).toBe(UNKNOWN);
  });

  test("ends with the password that it was given out for", async () => {
    await ask(Auth, "UserChangePassword", { name: "ann", password: "ann" }, root);
    expect(await status(put("ann/1", ann))).toBe(UNKNOWN);
    expect(await status(put("ann/1", await logIn("ann")))).toBe("ok");
  });

  test("ends with its user, and is not that of who comes by the same name", async () => {
    await addUser("eve", root);
    const eve = await logIn("eve");
    expect(await status(put("eve/1", eve))).toBe("ok");
    await ask(Auth, "UserDelete", { name: "eve" }, root);
    expect(await status(put("eve/1", eve))).toBe(UNKNOWN);
    await ask(Auth, "UserAdd", { name: "eve", password: "eve" }, root);
    await ask(Auth, "UserGrantRole", { user: "eve", role: "eve" }, root);
    expect(await status(put("eve/1", eve))).toBe(UNKNOWN);
    await ask(Auth, "UserDelete", { name: "eve" }, root);
    await ask(Auth, "RoleDelete", { role: "eve" }, root);
  });

  test("does not outlive users being told apart no more for a while", async () => {
    await ask(Auth, "AuthDisable", {}, root);
    expect(await status(put("secret"))).toBe("ok");
    expect(await status(put("secret", ann))).toBe(UNKNOWN);
    await ask(Auth, "AuthEnable", {});
    for (const token of [root, ann]) expect(await status(put("ann/1", token))).toBe(UNKNOWN);
    root = await logIn("root");
    expect(await status(put("secret", await logIn("ann")))).toBe(DENIED);
  });

  test("goes on when users and roles change, and shows no trace of that", async () => {
    let isChanging = true;
    const writer = (async () => {
      const results = new Set<string>();
      for (let count = 0; isChanging || count < 10; count++) {
        const statuses = await Promise.all(
          [put("ann/1", ann), ask(KV, "Range", { key: utf8("ann/1") }, ann)].map(status),
        );
        for (const each of statuses) results.add(each);
      }
      return [...results];
    })();
    for (let number = 0; number < 20; number++) {
      await ask(Auth, "RoleAdd", { name: `role ${number}` }, root);
      await ask(Auth, "RoleDelete", { role: `role ${number}` }, root);
    }
    isChanging = false;
    expect(await writer).toEqual(["ok"]);
  });

  test("of who loses a role no longer permits what that did", async () => {
    expect(await status(put("ann/1", ann))).toBe("ok");
    await ask(Auth, "UserRevokeRole", { name: "ann", role: "ann" }, root);
    expect(await status(put("ann/1", ann))).toBe(DENIED);
    expect(await status(ask(KV, "Range", { key: utf8("ann/1") }, ann))).toBe(DENIED);
    await ask(Auth, "UserGrantRole", { user: "ann", role: "ann" }, root);
    expect(await status(put("ann/1", ann))).toBe("ok");
  });
});

describe("a session", () => {
  test("of others does not tell what they were answered", async () => {
    const fields = { "lattice-session": "5".repeat(32), "lattice-seq": "1" };
    const request = { key: utf8("bob/1"), value: utf8("x"), prevKv: true };
    const first = await one.client.ask<etcdserverpb.PutResponse>(KV, "Put", request, {
      token: bob,
      ...fields,
    });
    expect(first.prevKv).toBeDefined();
    await put("bob/1", root);
    const again = await one.client.ask<etcdserverpb.PutResponse>(KV, "Put", request, {
      token: bob,
      ...fields,
    });
    expect(again).toEqual(first);
    expect(await status(one.client.ask(KV, "Put", request, { token: ann, ...fields }))).toBe(DENIED);
    const own = { ...request, key: utf8("ann/1") };
    expect(await status(one.client.ask(KV, "Put", own, { token: ann, ...fields }))).toBe(
      "9 lattice: request 1 of this session was another one; number each request anew",
    );
  });
});

describe("watching", () => {
  const REFUSED = "-1 rpc error: code = PermissionDenied desc = etcdserver: permission denied";

  test.each([
    ["secret", ""],
    ["bob/", "bob0"],
    ["ann/", "\0"],
    ["ann/1", "\0"],
    ["ann/", "ann1"],
    ["\0", "\0"],
    ["", "\0"],
    ["", ""],
  ])("keys from %j to %j is refused", async (key, rangeEnd) => {
    using watch = new WatchCall(one.client, ann);
    watch.create({ key: utf8(key), rangeEnd: utf8(rangeEnd), watchId: 7n, startRevision: 1n });
    expect(await watch.ending()).toBe(REFUSED);
  });

  test("is refused to nobody, and to tokens that there are not", async () => {
    for (const [token, why] of [
      [undefined, "-1 rpc error: code = InvalidArgument desc = etcdserver: user name is empty"],
      ["x", "-1 rpc error: code = Unauthenticated desc = etcdserver: invalid auth token"],
    ] as const) {
      using watch = new WatchCall(one.client, token);
      watch.create({ key: utf8("ann/1") });
      expect(await watch.ending()).toBe(why);
    }
  });

  test("all keys is for root, under whatever name they have", async () => {
    for (const [key, rangeEnd] of [
      ["", "\0"],
      ["\0", "\0"],
    ] as const) {
      using watch = new WatchCall(one.client, root);
      watch.create({ key: utf8(key), rangeEnd: utf8(rangeEnd) });
      await watch.created();
      await put("secret", root);
      expect(await watch.event()).toBe("secret");
    }
  });

  test("all keys is for who may read all", async () => {
    await addUser("all", root);
    const perm = { permType: 0, key: utf8("\0"), rangeEnd: utf8("\0") };
    await ask(Auth, "RoleGrantPermission", { name: "all", perm }, root);
    const token = await logIn("all");
    using watch = new WatchCall(one.client, token);
    watch.create({ key: new Uint8Array(0), rangeEnd: utf8("\0") });
    await watch.created();
    await put("secret", root);
    expect(await watch.event()).toBe("secret");
    await ask(Auth, "UserDelete", { name: "all" }, root);
    await ask(Auth, "RoleDelete", { role: "all" }, root);
  });

  const begin = async (token: string | undefined, name = "ann"): Promise<WatchCall> => {
    const watch = new WatchCall(one.client, token);
    watch.create({ key: utf8(`${name}/`), rangeEnd: utf8(`${name}0`) });
    await watch.created();
    await put(`${name}/1`, token === undefined ? undefined : root);
    expect(await watch.event()).toBe(`${name}/1`);
    return watch;
  };
  const OVER = "0 rpc error: code = PermissionDenied desc = etcdserver: permission denied";

  test("ends when the role goes that it rests on", async () => {
    using watch = await begin(ann);
    await ask(Auth, "UserRevokeRole", { name: "ann", role: "ann" }, root);
    await put("ann/2", root);
    expect(await watch.ending()).toBe(OVER);
    expect(watch.eventsLeft()).toEqual([]);
    await ask(Auth, "UserGrantRole", { user: "ann", role: "ann" }, root);
  });

  test("ends when the permission goes", async () => {
    using watch = await begin(ann);
    const range = { key: utf8("ann/"), rangeEnd: utf8("ann0") };
    await ask(Auth, "RoleRevokePermission", { role: "ann", ...range }, root);
    expect(await watch.ending()).toBe(OVER);
    await ask(Auth, "RoleGrantPermission", { name: "ann", perm: { permType: 2, ...range } }, root);
  });

  test("ends when the user goes", async () => {
    await addUser("eve", root);
    using watch = await begin(await logIn("eve"), "eve");
    await ask(Auth, "UserDelete", { name: "eve" }, root);
    expect(await watch.ending()).toBe(OVER);
    await ask(Auth, "RoleDelete", { role: "eve" }, root);
  });

  test("goes on when others change, and while nobody is told apart; and ends for nobody when users are", async () => {
    using watch = await begin(ann);
    await ask(Auth, "RoleAdd", { name: "unrelated" }, root);
    await ask(Auth, "RoleDelete", { role: "unrelated" }, root);
    await ask(Auth, "AuthDisable", {}, root);
    using open = await begin(undefined);
    expect(await watch.event()).toBe("ann/1");
    await ask(Auth, "AuthEnable", {});
    expect(await open.ending()).toBe(
      "0 rpc error: code = InvalidArgument desc = etcdserver: user name is empty",
    );
    root = await logIn("root");
    await put("ann/3", root);
    expect(await watch.event()).toBe("ann/3");
  });
});
