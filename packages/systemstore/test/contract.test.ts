/**
 * The system layer under the contract of store types. It is none: it has no service and stands in front of every store.
 * So here it is one without methods, whose genesis is there before the first op. That an op counts for nothing it records
 * in its own rows, and never as a `Refusal`.
 */
import { hlcFromMs, makeId, sha256, utf8 } from "@lattice/model";
import { weaver } from "@lattice/proto";
import { defineStore } from "@lattice/store";
import { AUTHORS, authorNamed, describeStore } from "@lattice/testkit";
import fc from "fast-check";
import { foldGenesis, foldSystemOp, Role, SYSTEM_TABLES } from "../src/index.ts";

const [owner] = AUTHORS;
const genesis = {
  id: makeId(hlcFromMs(0), sha256(utf8("genesis"))),
  author: authorNamed(owner),
  schema: 1,
  root: true,
};

class NoMethods {
  readonly typeName = "lattice.test.NoMethods";
  readonly methods = [];
  readonly options = {};
}

const systemLayer = defineStore({
  type: "test:system",
  schema: 1,
  service: NoMethods,
  payload: weaver.SystemOp,
  tables: SYSTEM_TABLES,
  apply(tx, { id, author, payload }) {
    if (tx.table("system").count() === 0) foldGenesis(tx, genesis);
    return [foldSystemOp(tx, { id, author, op: payload })];
  },
  commands: {},
  queries: {},
  streams: {},
});

const secretHash = fc.constantFrom(1, 2).map((number) => sha256(utf8(`secret ${number}`)));
const role = fc.constantFrom(Role.READER, Role.WRITER, Role.ADMIN, Role.OWNER);
const name = fc.constantFrom("", "team", "n".repeat(300));
const member = fc.constantFrom(...AUTHORS).map(authorNamed);
const used = fc.oneof(fc.constant(new Uint8Array()), secretHash);

const ops = fc
  .oneof(
    fc
      .record({ member, role, secretHash: used, name })
      .map((admit) => ({ oneofKind: "admit" as const, admit })),
    fc
      .record({ secretHash, role, expiresMs: fc.constant(5n) })
      .map((invite) => ({ oneofKind: "invite" as const, invite })),
    fc.record({ secretHash }).map((uninvite) => ({ oneofKind: "uninvite" as const, uninvite })),
    fc.record({ name }).map((setName) => ({ oneofKind: "setName" as const, setName })),
    fc.record({ name }).map((setMemberName) => ({ oneofKind: "setMemberName" as const, setMemberName })),
    fc.record({ schema: fc.nat(4) }).map((setSchema) => ({ oneofKind: "setSchema" as const, setSchema })),
  )
  .map((op) => ({ schema: 1, op }));

describeStore(systemLayer, { ops });
