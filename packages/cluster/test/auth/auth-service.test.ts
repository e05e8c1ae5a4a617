import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import { beforeEach, describe, expect, test } from "vitest";
import { TOKEN_TTL_MS } from "../../src/auth/limits.ts";
import { RequestKind } from "../../src/machine/request.ts";
import { AuthWorld, callContext, statusOf, type CallOptions } from "./auth-world.ts";

const pb = etcdserverpb;

let world: AuthWorld;
let root: string;

const addUser = (name: string, password: string, options: CallOptions = {}) =>
  world.call(
    "UserAdd",
    pb.AuthUserAddRequest.toBinary(pb.AuthUserAddRequest.create({ name, password })),
    options,
  );
const grantRole = (user: string, role: string, options: CallOptions = {}) =>
  world.call("UserGrantRole", pb.AuthUserGrantRoleRequest.toBinary({ user, role }), options);
const logIn = async (name: string, password: string): Promise<string> =>
  pb.AuthenticateResponse.fromBinary(
    await world.call("Authenticate", pb.AuthenticateRequest.toBinary({ name, password })),
  ).token;
const listUsers = (options: CallOptions) => world.call("UserList", new Uint8Array(0), options);

beforeEach(async () => {
  world = new AuthWorld();
  await addUser("root", "hunter2");
  await addUser("ann", "correct horse");
  await grantRole("root", "root");
  await world.call("AuthEnable", new Uint8Array(0));
  root = await logIn("root", "hunter2");
});

test("no password comes into the log or the rows", async () => {
  await world.call(
    "UserChangePassword",
    pb.AuthUserChangePasswordRequest.toBinary(
      pb.AuthUserChangePasswordRequest.create({ name: "ann", password: "battery staple" }),
    ),
    { token: root },
  );
  await logIn("ann", "battery staple");
  const rows = ["auth", "auth-users", "auth-roles"].flatMap((name) =>
    [...world.storage.table(name).range()].flat(),
  );
  const everything = Buffer.concat([...world.log, ...rows]).toString("latin1");
  for (const password of ["hunter2", "correct horse", "battery staple"])
    expect(everything).not.toContain(password);
});

test("a client's own idea of what is kept of a password is not taken", async () => {
  const forged = { name: "eve", password: "", hashedPassword: "$scrypt$forged" };
  const request = pb.AuthUserAddRequest.create(forged);
  await world.call("UserAdd", pb.AuthUserAddRequest.toBinary(request), { token: root });
  expect(Buffer.from(world.auth.user("eve")!.password).toString()).toMatch(/^\$scrypt\$ln=/);
});

test("a name that is longer than its row's key may be is refused", async () => {
  const why = "3 etcdserver: request is too large";
  expect(await statusOf(addUser("n".repeat(4_097), "x", { token: root }))).toBe(why);
  const request = pb.AuthRoleAddRequest.toBinary({ name: "ä".repeat(2_049) });
  expect(await statusOf(world.call("RoleAdd", request, { token: root }))).toBe(why);
});

test("a role that would outgrow its row is left as it was", async () => {
  await world.call("RoleAdd", pb.AuthRoleAddRequest.toBinary({ name: "r" }), { token: root });
  const grant = (first: number) =>
    world.call(
      "RoleGrantPermission",
      pb.AuthRoleGrantPermissionRequest.toBinary({
        name: "r",
        perm: { permType: 0, key: new Uint8Array(400_000).fill(first), rangeEnd: new Uint8Array(0) },
      }),
      { token: root },
    );
  await grant(1);
  await grant(2);
  expect(await statusOf(grant(3))).toBe("3 etcdserver: request is too large");
  expect(world.auth.role("r")!.keyPermission).toHaveLength(2);
});

describe("a token", () => {
  test("is good at another member, also before that has seen it given out", async () => {
    const other = new AuthWorld();
    const [missing] = world.log.slice(-1);
    for (const bytes of world.log.slice(0, -1)) other.replay(bytes);
    const answer = other.call("UserList", new Uint8Array(0), { token: root });
    const early = await Promise.race([
      answer.then(() => "answered"),
      new Promise((resolve) => setImmediate(resolve, "waits")),
    ]);
    expect(early).toBe("waits");
    other.replay(missing!);
    expect(pb.AuthUserListResponse.fromBinary(await answer).users).toEqual(["ann", "root"]);
  });

  test("that was never given out is not waited for longer than the client waits", async () => {
    const signal = AbortSignal.timeout(1);
    expect(await statusOf(listUsers({ token: "AAAAAAAAAAAAAAAA.999999", signal }))).toBe(
      "16 etcdserver: invalid auth token",
    );
  });

  test.each([
    "",
    "x",
    "AAAA",
    "AAAA.",
    "AAAA.0",
    "AAAA.-1",
    "AAAA.1e9",
    "AAAA.99999999999999999999",
    "A.1.2",
  ])("%j is none", async (token) => {
    expect(await statusOf(listUsers({ token }))).toBe("16 etcdserver: invalid auth token");
  });

  test("holds while it is used", async () => {
    world.nowMs += TOKEN_TTL_MS - 1;
    await listUsers({ token: root });
    world.nowMs += TOKEN_TTL_MS - 1;
    await listUsers({ token: root });
    world.nowMs += TOKEN_TTL_MS;
    expect(await statusOf(listUsers({ token: root }))).toBe("16 etcdserver: invalid auth token");
  });

  test("ends when another state takes the place of this one, as what ended it may have been skipped", async () => {
    world.auth.reload(world.storage);
    expect(await statusOf(listUsers({ token: root }))).toBe("16 etcdserver: invalid auth token");
    await listUsers({ token: await logIn("root", "hunter2") });
  });
});

describe("what changes on the way", () => {
  const change = (kind: RequestKind, body: Uint8Array) =>
    world.apply({
      kind,
      body,
      session: undefined,
      user: { name: "root", authRevision: world.auth.revision },
    });

  test("a password that changes while the old one is checked lets nobody in", async () => {
    world.beforeApply = () => {
      const request = pb.AuthUserChangePasswordRequest.create({ name: "ann", hashedPassword: "nobody's" });
      change(RequestKind.USER_CHANGE_PASSWORD, pb.AuthUserChangePasswordRequest.toBinary(request));
    };
    expect(await statusOf(logIn("ann", "correct horse"))).toBe(
      "3 etcdserver: authentication failed, invalid user ID or password",
    );
  });

  test("another change makes it be checked again, no more", async () => {
    world.beforeApply = () =>
      void change(RequestKind.ROLE_ADD, pb.AuthRoleAddRequest.toBinary({ name: "r" }));
    const token = await logIn("ann", "correct horse");
    expect(world.auth.tokens.use(token)).toBe("ann");
  });

  test("users may be told apart no more by the time", async () => {
    world.beforeApply = () => void change(RequestKind.AUTH_DISABLE, new Uint8Array(0));
    expect(await statusOf(logIn("ann", "correct horse"))).toBe("9 etcdserver: authentication is not enabled");
  });

  test("who may administer is asked again when it is applied", async () => {
    await addUser("admin", "x", { token: root });
    await grantRole("admin", "root", { token: root });
    const admin = await logIn("admin", "x");
    world.beforeApply = () => {
      const request = pb.AuthUserRevokeRoleRequest.toBinary({ name: "admin", role: "root" });
      change(RequestKind.USER_REVOKE_ROLE, request);
    };
    expect(await statusOf(grantRole("ann", "root", { token: admin }))).toBe(
      "7 etcdserver: permission denied",
    );
    expect(world.auth.user("ann")!.roles).toEqual([]);
  });
});

describe("who calls", () => {
  test("is the common name of a certificate, where there is no token", async () => {
    await listUsers({ commonName: "root" });
    expect(await statusOf(listUsers({ commonName: "ann" }))).toBe("7 etcdserver: permission denied");
    expect(await statusOf(listUsers({ commonName: "nobody" }))).toBe("7 etcdserver: permission denied");
    expect(await statusOf(listUsers({ commonName: "root", token: "AAAA.1" }))).toBe(
      "16 etcdserver: invalid auth token",
    );
    expect(await statusOf(listUsers({ commonName: "" }))).toBe("3 etcdserver: user name is empty");
  });

  test("is told in etcd's words why he may not maintain this member", async () => {
    const { gate } = world;
    expect(await statusOf(gate.admitMaintainer(callContext({ token: root })))).toBe("ok");
    expect(await statusOf(gate.admitMaintainer(callContext({ commonName: "ann" })))).toBe(
      "2 auth: permission denied",
    );
    expect(await statusOf(gate.admitMaintainer(callContext({})))).toBe("2 auth: user name is empty");
    expect(await statusOf(gate.admitMaintainer(callContext({ token: "x" })))).toBe(
      "2 auth: invalid auth token",
    );
  });

  test("is found out again where users changed since, and what is asked is done once", async () => {
    const seen: number[] = [];
    const answer = await world.gate.asCaller(callContext({ token: root }), async (user) => {
      seen.push(user!.authRevision);
      if (seen.length === 1) await addUser("new", "x", { token: root });
      world.auth.permissionsOf(user!.name);
      if (user!.authRevision < world.auth.revision) throw EtcdError.of("authOldRevision");
      return "done";
    });
    expect(answer).toBe("done");
    expect(seen).toEqual([world.auth.revision - 1, world.auth.revision]);
  });

  test("is nobody at once where nothing says who", () => {
    expect(world.gate.asCaller(callContext(), (user) => `as ${user?.name}`)).toBe("as undefined");
  });
});

test("a request that no member can read is refused by all of them", () => {
  const user = { name: "root", authRevision: world.auth.revision };
  const body = Uint8Array.of(0xff);
  const outcome = world.apply({ kind: RequestKind.USER_ADD, body, user, session: undefined });
  expect(outcome).toEqual(EtcdError.of("notCapable"));
});

test("members that apply the same log have the same rows, and so has one that begins in its middle", async () => {
  await world.call("RoleAdd", pb.AuthRoleAddRequest.toBinary({ name: "r" }), { token: root });
  await grantRole("ann", "r", { token: root });
  await world.call("RoleDelete", pb.AuthRoleDeleteRequest.toBinary({ role: "r" }), { token: root });
  await world.call("AuthDisable", new Uint8Array(0), { token: root });
  const rows = ({ storage }: AuthWorld) =>
    ["auth", "auth-users", "auth-roles"].map((name) => [...storage.table(name).range()]);
  const other = new AuthWorld();
  for (const [at, bytes] of world.log.entries()) {
    if (at === 5) other.auth.reload(other.storage);
    other.replay(bytes);
  }
  expect(rows(other)).toEqual(rows(world));
  expect(other.auth.revision).toBe(world.auth.revision);
});
