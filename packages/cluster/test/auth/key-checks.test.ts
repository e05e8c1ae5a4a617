import { etcdserverpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { beforeAll, describe, expect, test } from "vitest";
import {
  refuseDeleteRange,
  refuseKnown,
  refuseLeaseKeysShown,
  refuseLeaseRevoke,
  refusePut,
  refuseRead,
  refuseTxn,
  type KeyChecker,
} from "../../src/auth/key-checks.ts";
import type { RequestUser } from "../../src/machine/request.ts";
import { AuthWorld } from "./auth-world.ts";

const pb = etcdserverpb;
const world = new AuthWorld();
/** The keys of lease 1 are all ann's, of lease 2 one is not. */
const LEASES = new Map([
  [1n, ["own/x"]],
  [2n, ["own/x", "other"]],
]);
const checker: KeyChecker = { auth: world.auth, leaseKeys: (id) => (LEASES.get(id) ?? []).map(utf8) };

/** May read and write what begins with "own/", read "read", write "write". */
let ann: RequestUser;
let root: RequestUser;

beforeAll(async () => {
  const call = (name: string, request: Uint8Array) => world.call(name, request);
  for (const name of ["root", "ann"]) {
    await call(
      "UserAdd",
      pb.AuthUserAddRequest.toBinary(pb.AuthUserAddRequest.create({ name, password: name })),
    );
  }
  await call("RoleAdd", pb.AuthRoleAddRequest.toBinary({ name: "r" }));
  for (const [permType, key, rangeEnd] of [
    [2, "own/", "own0"],
    [0, "read", ""],
    [1, "write", ""],
  ] as const) {
    const perm = { permType, key: utf8(key), rangeEnd: utf8(rangeEnd) };
    await call("RoleGrantPermission", pb.AuthRoleGrantPermissionRequest.toBinary({ name: "r", perm }));
  }
  await call("UserGrantRole", pb.AuthUserGrantRoleRequest.toBinary({ user: "ann", role: "r" }));
  await call("UserGrantRole", pb.AuthUserGrantRoleRequest.toBinary({ user: "root", role: "root" }));
  await call("AuthEnable", new Uint8Array(0));
  ann = { name: "ann", authRevision: world.auth.revision };
  root = { name: "root", authRevision: world.auth.revision };
});

const range = (key: string, rangeEnd = "") =>
  pb.RangeRequest.create({ key: utf8(key), rangeEnd: utf8(rangeEnd) });
const put = (key: string, more: Partial<etcdserverpb.PutRequest> = {}) =>
  pb.PutRequest.create({ key: utf8(key), ...more });
const deletion = (key: string, rangeEnd = "", prevKv = false) =>
  pb.DeleteRangeRequest.create({ key: utf8(key), rangeEnd: utf8(rangeEnd), prevKv });

const rangeOp = (...of: Parameters<typeof range>): etcdserverpb.RequestOp => ({
  request: { oneofKind: "requestRange", requestRange: range(...of) },
});
const putOp = (...of: Parameters<typeof put>): etcdserverpb.RequestOp => ({
  request: { oneofKind: "requestPut", requestPut: put(...of) },
});
const deleteOp = (...of: Parameters<typeof deletion>): etcdserverpb.RequestOp => ({
  request: { oneofKind: "requestDeleteRange", requestDeleteRange: deletion(...of) },
});
const txn = (txnRequest: Partial<etcdserverpb.TxnRequest>) => pb.TxnRequest.create(txnRequest);
const txnOp = (of: Partial<etcdserverpb.TxnRequest>): etcdserverpb.RequestOp => ({
  request: { oneofKind: "requestTxn", requestTxn: txn(of) },
});
const compare = (key: string, rangeEnd = "") =>
  pb.Compare.create({ key: utf8(key), rangeEnd: utf8(rangeEnd) });

const DENIED = "etcdserver: permission denied";

describe("reading", () => {
  test.each([
    ["own/x", "", undefined],
    ["own/", "own0", undefined],
    ["read", "", undefined],
    ["write", "", DENIED],
    ["own/", "own1", DENIED],
    ["own/", "\0", DENIED],
    ["other", "", DENIED],
  ])("of %j to %j: %s", (key, rangeEnd, why) => {
    expect(refuseRead(checker, ann, range(key, rangeEnd))?.message).toBe(why);
    expect(refuseTxn(checker, ann, txn({ success: [rangeOp(key, rangeEnd)] }))?.message).toBe(why);
    expect(refuseTxn(checker, ann, txn({ compare: [compare(key, rangeEnd)] }))?.message).toBe(why);
    expect(refuseRead(checker, root, range(key, rangeEnd))).toBeUndefined();
  });
});

describe("putting", () => {
  test.each([
    ["own/x", {}, undefined],
    ["read", {}, DENIED],
    ["write", {}, undefined],
    ["write", { prevKv: true }, DENIED],
    ["own/x", { prevKv: true }, undefined],
    ["own/x", { lease: 1n }, undefined],
    ["own/x", { lease: 2n }, DENIED],
    ["own/x", { lease: 3n }, undefined],
    ["own/x", { ignoreLease: true }, undefined],
    // Only reading tells whether there was a value.
    ["write", { ignoreValue: true }, undefined],
  ])("of %j with %o: %s", (key, more, why) => {
    expect(refusePut(checker, ann, put(key, more))?.message).toBe(why);
    expect(refuseTxn(checker, ann, txn({ success: [putOp(key, more)] }))?.message).toBe(why);
    expect(refusePut(checker, root, put(key, more))).toBeUndefined();
  });
});

describe("deleting", () => {
  test.each([
    ["own/x", "", false, undefined],
    ["own/", "own0", false, undefined],
    ["own/", "own0", true, undefined],
    ["own/", "own1", false, DENIED],
    ["read", "", false, DENIED],
    ["write", "", false, undefined],
    ["write", "", true, DENIED],
    ["\0", "\0", false, DENIED],
  ])("of %j to %j, telling what was there %s: %s", (key, rangeEnd, prevKv, why) => {
    expect(refuseDeleteRange(checker, ann, deletion(key, rangeEnd, prevKv))?.message).toBe(why);
    expect(refuseTxn(checker, ann, txn({ failure: [deleteOp(key, rangeEnd, prevKv)] }))?.message).toBe(why);
    expect(refuseDeleteRange(checker, root, deletion(key, rangeEnd, prevKv))).toBeUndefined();
  });
});

describe("a transaction", () => {
  test("is looked into wherever something may be done", () => {
    const hidden = [
      putOp("other"),
      rangeOp("other"),
      deleteOp("other"),
      txnOp({ compare: [compare("other")] }),
    ];
    for (const op of hidden) {
      for (const within of [{ success: [putOp("own/x"), op] }, { failure: [op] }]) {
        expect(refuseTxn(checker, ann, txn(within))?.message).toBe(DENIED);
        expect(refuseTxn(checker, ann, txn({ success: [txnOp(within)] }))?.message).toBe(DENIED);
        expect(
          refuseTxn(checker, ann, txn({ failure: [txnOp({ failure: [txnOp(within)] })] }))?.message,
        ).toBe(DENIED);
        expect(refuseTxn(checker, root, txn(within))).toBeUndefined();
      }
    }
  });

  test("that does nothing is anybody's, as etcd has it", () => {
    expect(refuseTxn(checker, undefined, txn({}))).toBeUndefined();
  });
});

describe("a lease", () => {
  test("is revoked by who may write all its keys", () => {
    expect(refuseLeaseRevoke(checker, ann, 1n)).toBeUndefined();
    expect(refuseLeaseRevoke(checker, ann, 2n)?.message).toBe(DENIED);
    expect(refuseLeaseRevoke(checker, ann, 3n)).toBeUndefined();
    expect(refuseLeaseRevoke(checker, root, 2n)).toBeUndefined();
    expect(refuseLeaseRevoke(checker, undefined, 3n)?.message).toBe("etcdserver: user name is empty");
  });

  test("shows its keys to who may read all of them", () => {
    expect(refuseLeaseKeysShown(checker, ann, 1n)).toBeUndefined();
    expect(refuseLeaseKeysShown(checker, ann, 2n)?.message).toBe(DENIED);
    expect(refuseLeaseKeysShown(checker, root, 2n)).toBeUndefined();
  });
});

describe("who asks", () => {
  test("must be somebody", () => {
    expect(refuseRead(checker, undefined, range("own/x"))?.message).toBe("etcdserver: user name is empty");
    expect(refuseKnown(world.auth, undefined)?.message).toBe("etcdserver: user name is empty");
    expect(refuseKnown(world.auth, ann)).toBeUndefined();
  });

  test("must be somebody there is", () => {
    const nobody = { name: "nobody", authRevision: ann.authRevision };
    expect(refuseRead(checker, nobody, range("own/x"))?.message).toBe(DENIED);
    expect(refuseKnown(world.auth, nobody)?.message).toBe(DENIED);
  });

  test("must have been let in since users changed last, even root", () => {
    for (const user of [ann, root]) {
      const old = { ...user, authRevision: user.authRevision - 1 };
      expect(refuseRead(checker, old, range("own/x"))?.message).toBe(
        "etcdserver: revision of auth store is old",
      );
    }
  });
});
