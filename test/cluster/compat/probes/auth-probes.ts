/** Auth: every refusal, and what is refused to whom while it is on. */
import { authpb } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Prober } from "./prober.ts";
import { rpcs } from "./rpcs.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const { Permission_Type: Type } = authpb;

export async function authProbes(prober: Prober): Promise<void> {
  await prober.ask(rpcs.authDisable, {});
  await prober.ask(rpcs.authEnable, {});
  await prober.ask(rpcs.authenticate, { name: "root", password: "pw" });
  await users(prober);
  await roles(prober);
  await enabled(prober);
}

async function users(prober: Prober): Promise<void> {
  await prober.ask(rpcs.userAdd, {});
  await prober.ask(rpcs.userAdd, { name: "root", password: "pw" });
  await prober.ask(rpcs.userAdd, { name: "root", password: "pw" });
  await prober.ask(rpcs.userAdd, { name: "empty" });
  await prober.ask(rpcs.userAdd, { name: "nopass", options: { noPassword: true } });
  await prober.ask(rpcs.userAdd, { name: "both", password: "pw", options: { noPassword: true } });
  await prober.ask(rpcs.userAdd, { name: "alice", password: "pw" });
  await prober.ask(rpcs.authEnable, {});
  await prober.ask(rpcs.userGet, { name: "nobody" });
  await prober.ask(rpcs.userGet, { name: "alice" });
  await prober.ask(rpcs.userList, {});
  await prober.ask(rpcs.userDelete, { name: "nobody" });
  await prober.ask(rpcs.userChangePassword, { name: "nobody", password: "x" });
  await prober.ask(rpcs.userChangePassword, { name: "alice", password: "new" });
  await prober.ask(rpcs.userGrantRole, { user: "nobody", role: "r" });
  await prober.ask(rpcs.userGrantRole, { user: "alice", role: "nothing" });
  await prober.ask(rpcs.userRevokeRole, { name: "nobody", role: "r" });
  await prober.ask(rpcs.userRevokeRole, { name: "alice", role: "r" });
}

async function roles(prober: Prober): Promise<void> {
  const perm = (permType: authpb.Permission_Type, key: string, rangeEnd = ""): authpb.Permission => {
    return { permType, key: bytes(key), rangeEnd: bytes(rangeEnd) };
  };
  await prober.ask(rpcs.roleAdd, {});
  await prober.ask(rpcs.roleAdd, { name: "r" });
  await prober.ask(rpcs.roleAdd, { name: "r" });
  await prober.ask(rpcs.roleAdd, { name: "root" });
  await prober.ask(rpcs.roleGet, { role: "none" });
  await prober.ask(rpcs.roleDelete, { role: "none" });
  await prober.ask(rpcs.roleGrant, { name: "none", perm: perm(Type.READ, "a") });
  // A permission that is missing ends etcd's process, so it is not asked for.
  await prober.ask(rpcs.roleGrant, { name: "r", perm: perm(Type.READ, "") });
  await prober.ask(rpcs.roleGrant, { name: "r", perm: perm(Type.READ, "b", "a") });
  await prober.ask(rpcs.roleGrant, { name: "r", perm: perm(Type.READ, "pub/", "pub0") });
  await prober.ask(rpcs.roleGrant, { name: "r", perm: perm(Type.READWRITE, "own") });
  await prober.ask(rpcs.roleGrant, { name: "r", perm: perm(Type.WRITE, "own") });
  await prober.ask(rpcs.roleGrant, { name: "r", perm: perm(Type.READWRITE, "own/", "own0") });
  await prober.ask(rpcs.roleRevoke, { role: "none", key: bytes("a") });
  await prober.ask(rpcs.roleRevoke, { role: "r", key: bytes("a") });
  await prober.ask(rpcs.roleGet, { role: "r" });
  await prober.ask(rpcs.roleGet, { role: "root" });
  await prober.ask(rpcs.roleList, {});
  await prober.ask(rpcs.userGrantRole, { user: "alice", role: "r" });
  await prober.ask(rpcs.userGrantRole, { user: "alice", role: "r" });
  await prober.ask(rpcs.userGrantRole, { user: "root", role: "root" });
  await prober.ask(rpcs.userGet, { name: "alice" });
}

async function enabled(prober: Prober): Promise<void> {
  await prober.ask(rpcs.authEnable, {});
  await prober.ask(rpcs.authEnable, {});
  await prober.ask(rpcs.authenticate, { name: "alice", password: "wrong" });
  await prober.ask(rpcs.authenticate, { name: "nobody", password: "pw" });
  await prober.ask(rpcs.authenticate, { name: "nopass", password: "" });
  await prober.ask(rpcs.authenticate, {});
  const root = await tokenOf(prober, "root", "pw");
  const alice = await tokenOf(prober, "alice", "new");
  await prober.ask(rpcs.put, { key: bytes("own"), value: bytes("1") });
  await prober.ask(rpcs.range, { key: bytes("own") });
  await prober.ask(
    rpcs.range,
    { key: bytes("own") },
    { about: "with a wrong token", metadata: { token: "x.1" } },
  );
  await prober.ask(
    rpcs.put,
    { key: bytes("own"), value: bytes("1") },
    { metadata: alice, about: "own, by alice" },
  );
  await prober.ask(rpcs.put, { key: bytes("else") }, { metadata: alice, about: "else, by alice" });
  await prober.ask(
    rpcs.put,
    { key: bytes("else") },
    { metadata: { authorization: alice["token"]! }, about: "else, by alice, in another header" },
  );
  await prober.ask(
    rpcs.range,
    { key: bytes("pub/"), rangeEnd: bytes("pub0") },
    { metadata: alice, about: "pub/, by alice" },
  );
  await prober.ask(
    rpcs.range,
    { key: bytes("pub/"), rangeEnd: bytes("puc") },
    { metadata: alice, about: "more, by alice" },
  );
  await prober.ask(rpcs.deleteRange, { key: bytes("pub/a") }, { metadata: alice, about: "pub/a, by alice" });
  await prober.ask(rpcs.compact, { revision: 1n }, { metadata: alice, about: "by alice" });
  for (const [name, rpc] of Object.entries(rpcs)) {
    if (
      /^(user|role|auth|member|alarm|hash|defragment|status|leases|leaseGrant)/.test(name) &&
      name !== "authenticate"
    ) {
      await prober.ask(rpc, {}, { metadata: alice, about: `${name}, empty, by alice` });
    }
  }
  await prober.ask(rpcs.userDelete, { name: "root" }, { metadata: root, about: "root, by root" });
  await prober.ask(
    rpcs.userRevokeRole,
    { name: "root", role: "root" },
    { metadata: root, about: "root of root, by root" },
  );
  await prober.ask(rpcs.roleDelete, { role: "root" }, { metadata: root, about: "root, by root" });
  await prober.ask(rpcs.put, { key: bytes("else") }, { metadata: root, about: "else, by root" });
  await prober.ask(rpcs.userList, {}, { metadata: root, about: "by root" });
  await prober.ask(rpcs.authDisable, {}, { metadata: alice, about: "by alice" });
  await prober.ask(rpcs.authDisable, {}, { metadata: root, about: "by root" });
  await prober.ask(rpcs.put, { key: bytes("free") });
}

async function tokenOf(prober: Prober, name: string, password: string): Promise<Record<string, string>> {
  const answer = await prober.ask(rpcs.authenticate, { name, password }, { isSilent: true });
  prober.side.note(`authenticate ${name}`, answer === undefined ? "refused" : "a token");
  return { token: answer?.token ?? "" };
}
