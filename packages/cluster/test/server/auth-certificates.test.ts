import { readFileSync } from "node:fs";
import { credentials, type ChannelCredentials } from "@grpc/grpc-js";
import { etcdserverpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { expect, test } from "vitest";
import { startOneMember } from "./one-member.ts";
import { statusOfCall } from "./status.ts";
import { WatchCall } from "./watch-call.ts";

const { Auth, KV } = etcdserverpb;

const read = (name: string): Buffer =>
  readFileSync(new URL(`../../../grpc-front/test/certificates/${name}`, import.meta.url));

/** Connections with a certificate whose common name is alice. */
function alicesChannel(): ChannelCredentials {
  return credentials.createSsl(read("authority.crt"), read("alice.key"), read("alice.crt"));
}

test("who shows a certificate is the user of its common name, unless a token says otherwise", async () => {
  const tls = { key: read("server.key"), cert: read("server.crt"), clientCa: read("authority.crt") };
  await using one = await startOneMember({ tls, channel: alicesChannel() });
  const { client } = one;
  await client.ask(Auth, "UserAdd", { name: "root", password: "root" });
  await client.ask(Auth, "UserGrantRole", { user: "root", role: "root" });
  await client.ask(Auth, "RoleAdd", { name: "r" });
  const perm = { permType: 2, key: utf8("own"), rangeEnd: new Uint8Array(0) };
  await client.ask(Auth, "RoleGrantPermission", { name: "r", perm });
  using early = new WatchCall(client, undefined);
  early.create({ key: utf8("own") });
  await early.created();
  using foreign = new WatchCall(client, undefined);
  foreign.create({ key: utf8("other") });
  await foreign.created();
  await client.ask(Auth, "AuthEnable", {});

  const put = (key: string, fields = {}) => statusOfCall(client.ask(KV, "Put", { key: utf8(key) }, fields));
  // There is no such user yet.
  expect(await put("own")).toBe("7 etcdserver: permission denied");
  const logIn = { name: "root", password: "root" };
  const { token } = await client.ask<etcdserverpb.AuthenticateResponse>(Auth, "Authenticate", logIn);
  expect(await put("other", { token })).toBe("ok");

  await client.ask(Auth, "UserAdd", { name: "alice", options: { noPassword: true } }, { token });
  await client.ask(Auth, "UserGrantRole", { user: "alice", role: "r" }, { token });
  expect(await put("own")).toBe("ok");
  expect(await put("other")).toBe("7 etcdserver: permission denied");
  expect(await put("own", { token: "x" })).toBe("16 etcdserver: invalid auth token");
  const withPassword = client.ask(Auth, "Authenticate", { name: "alice", password: "" });
  expect(await statusOfCall(withPassword)).toBe(
    "2 auth: authentication failed, password was given for no password user",
  );
  // Both were begun when nobody was told apart, by somebody whose name was known all the same.
  expect(await early.ending()).toMatch(/permission denied$/);
  expect(await foreign.ending()).toMatch(/permission denied$/);
});
