import { etcdserverpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { expect, test } from "vitest";
import type { GrpcClient } from "../etcd/grpc-client.ts";
import { Members } from "./members.ts";
import { statusOfCall } from "./status.ts";

const { Auth, KV, Maintenance } = etcdserverpb;
const UNKNOWN = "16 etcdserver: invalid auth token";

async function tellUsersApart(client: GrpcClient): Promise<void> {
  await client.ask(Auth, "UserAdd", { name: "root", password: "root" });
  await client.ask(Auth, "UserGrantRole", { user: "root", role: "root" });
  await client.ask(Auth, "AuthEnable", {});
}

async function logIn(client: GrpcClient): Promise<string> {
  const request = { name: "root", password: "root" };
  return (await client.ask<etcdserverpb.AuthenticateResponse>(Auth, "Authenticate", request)).token;
}

const put = (client: GrpcClient, token?: string) =>
  client.ask(KV, "Put", { key: utf8("k"), value: utf8("v") }, token === undefined ? {} : { token });
const get = (client: GrpcClient, token: string) =>
  client.ask(KV, "Range", { key: utf8("k"), serializable: true }, { token });

test("a token that one member gave out is good at all of them, at once", async () => {
  await using members = await Members.start(["a", "b", "c"]);
  const clients = ["a", "b", "c"].map((name) => members.of(name).client);
  await tellUsersApart(clients[0]!);
  for (const giver of clients) {
    const token = await logIn(giver);
    const statuses = await Promise.all(
      clients.flatMap((client) => [put(client, token), get(client, token)]).map(statusOfCall),
    );
    expect(statuses).toEqual(statuses.map(() => "ok"));
  }
});

test("a token that one member has seen taken back is good nowhere", async () => {
  await using members = await Members.start(["a", "b", "c"]);
  const clients = ["a", "b", "c"].map((name) => members.of(name).client);
  await tellUsersApart(clients[0]!);
  const token = await logIn(clients[1]!);
  await clients[2]!.ask(Auth, "UserChangePassword", { name: "root", password: "root" }, { token });
  // Linearizable reads and writes see it everywhere.
  for (const client of clients) {
    expect(await statusOfCall(put(client, token))).toBe(UNKNOWN);
    expect(await statusOfCall(client.ask(KV, "Range", { key: utf8("k") }, { token }))).toBe(UNKNOWN);
  }
});

test("who restarts knows users, and asks for a new login", async () => {
  await using members = await Members.start(["a", "b", "c"], { snapshotCount: 50 });
  const a = members.of("a").client;
  await tellUsersApart(a);
  const token = await logIn(a);
  await members.stop("c");
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 50 }, () => put(a, token)));
  }
  await a.ask(Auth, "UserAdd", { name: "late", password: "late" }, { token });
  const { client: c } = await members.start("c");
  await c.untilServing();
  // It knows what is in the part of its log that it reads again.
  expect(["ok", UNKNOWN]).toContain(await statusOfCall(put(c, token)));
  expect(await statusOfCall(put(c))).toBe("3 etcdserver: user name is empty");
  const request = { name: "late", password: "late" };
  const late = (await c.ask<etcdserverpb.AuthenticateResponse>(Auth, "Authenticate", request)).token;
  expect(await statusOfCall(get(c, late))).toBe("7 etcdserver: permission denied");
  expect(await statusOfCall(get(members.of("b").client, late))).toBe("7 etcdserver: permission denied");
  const fresh = await logIn(c);
  const hashes = await Promise.all(
    ["a", "b", "c"].map((name) =>
      members.of(name).client.ask<etcdserverpb.HashKVResponse>(Maintenance, "HashKV", {}, { token: fresh }),
    ),
  );
  expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
});

test("passwords that many try at once hold nobody else up, and beyond a bound are refused", async () => {
  await using members = await Members.start(["a"]);
  const { client } = members.of("a");
  await tellUsersApart(client);
  const token = await logIn(client);
  const guesses = Array.from({ length: 400 }, (_, at) =>
    statusOfCall(
      client.ask(Auth, "Authenticate", { name: at % 2 === 0 ? "root" : "nobody", password: "guess" }),
    ),
  );
  expect(await statusOfCall(put(client, token))).toBe("ok");
  const answers = new Set(await Promise.all(guesses));
  expect([...answers].toSorted()).toEqual(
    expect.arrayContaining(["3 etcdserver: authentication failed, invalid user ID or password"]),
  );
  for (const answer of answers) {
    expect([
      "3 etcdserver: authentication failed, invalid user ID or password",
      "8 etcdserver: too many requests",
    ]).toContain(answer);
  }
});
