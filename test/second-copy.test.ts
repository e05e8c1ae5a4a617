/**
 * Two copies of `@lattice/store` in one process, as where a store type brings its own along: what one throws or makes,
 * the other knows for what it is.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callError } from "../packages/api/src/call-error.ts";
import { openStore, type Store } from "../packages/kernel/src/index.ts";
import { LatticeError } from "../packages/model/src/index.ts";
import * as own from "../packages/store/src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "lattice-second-copy-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Copy extends Pick<typeof own, "Refusal" | "LatticeError" | "isStoreType" | "damagedState"> {
  readonly guestbook: own.StoreType;
}

let copy: Copy;

/** A store type that needs no generated code, beside the package that it is made with. */
const GUESTBOOK = `
  import { MessageType, ScalarType } from "@protobuf-ts/runtime";
  import { ServiceType } from "@protobuf-ts/runtime-rpc";
  import { damagedState, defineStore, LatticeError, Refusal } from "@lattice/store";
  export * from "@lattice/store";

  const text = (name) => new MessageType(name, [{ no: 1, name: "text", kind: "scalar", T: ScalarType.STRING }]);
  const Entry = text("guestbook.Entry");
  const service = new ServiceType("guestbook.Guestbook", [{ name: "Sign", I: Entry, O: text("guestbook.Reply") }]);
  class GuestbookClient {
    typeName = service.typeName;
    methods = service.methods;
    options = service.options;
  }
  export const guestbook = defineStore({
    type: "example:guestbook", schema: 1, service: GuestbookClient, payload: Entry, tables: ["entries"],
    apply(tx, { hash, payload }) {
      tx.table("entries").put(hash, Entry.toBinary(payload));
      if (payload.text === "rude") throw new Refusal("be kind");
      if (payload.text === "damaged") throw damagedState("for the test");
      return [];
    },
    commands: {
      async sign({ submit }, { text }) {
        if (text === "") throw new LatticeError("too-large", "nothing is too large for me");
        await submit({ text });
        return { text };
      },
    },
    queries: {}, streams: {},
  });
`;

beforeAll(async () => {
  const outfile = join(folder, "guestbook.mjs");
  await build({
    stdin: { contents: GUESTBOOK, resolveDir: join(import.meta.dirname, "../packages/logstore") },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@lattice/source"],
  });
  copy = (await import(pathToFileURL(outfile).href)) as Copy;
  expect(copy.Refusal).not.toBe(own.Refusal);
  expect(copy.LatticeError).not.toBe(own.LatticeError);
});

describe("of another copy", () => {
  it("a refusal is a refusal, and nothing else is", () => {
    expect(new copy.Refusal("no")).toBeInstanceOf(own.Refusal);
    expect(new own.Refusal("no")).toBeInstanceOf(copy.Refusal);
    expect(new copy.LatticeError("internal", "no")).not.toBeInstanceOf(own.Refusal);
    expect(new Error("no")).not.toBeInstanceOf(own.Refusal);
    for (const value of [null, undefined, "Refusal", { name: "Refusal" }])
      expect(value instanceof own.Refusal).toBe(false);
  });

  it("an error is an error, with its code, but where the code is not known here", () => {
    const error = new copy.LatticeError("conflict", "no");
    expect(error).toBeInstanceOf(LatticeError);
    expect(LatticeError.from(error)).toBe(error);
    expect(callError(error)).toBe(error);
    expect(copy.damagedState("a row")).toBeInstanceOf(LatticeError);
    const newer = new copy.LatticeError("of-a-later-version" as "conflict", "no");
    expect(newer).not.toBeInstanceOf(LatticeError);
    expect(callError(newer)).toMatchObject({ code: "internal", message: "no" });
    expect(new Error("no")).not.toBeInstanceOf(LatticeError);
  });

  it("an error is none of a subclass here", () => {
    class Special extends LatticeError {}
    class Sterner extends own.Refusal {}
    const special = new Special("conflict", "no");
    expect(special).toBeInstanceOf(Special);
    expect(special).toBeInstanceOf(copy.LatticeError);
    expect(new copy.LatticeError("conflict", "no")).not.toBeInstanceOf(Special);
    expect(new LatticeError("conflict", "no")).not.toBeInstanceOf(Special);
    expect(new Sterner("no")).toBeInstanceOf(Sterner);
    expect(new own.Refusal("no")).not.toBeInstanceOf(Sterner);
  });

  it("a store type is a store type", () => {
    expect(own.isStoreType(copy.guestbook)).toBe(true);
    expect(own.isStoreType({ ...copy.guestbook, schema: 2 })).toBe(true);
    for (const value of [undefined, null, 3, {}, { type: "a:b", schema: 1 }, () => copy.guestbook])
      expect(own.isStoreType(value)).toBe(false);
  });
});

describe("a store of a type that brings its own copy", () => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore<unknown>({ directory: join(folder, "store"), type: copy.guestbook });
  });
  afterAll(async () => await store.close().catch(() => undefined));

  it("answers, and records a refusal with its words", async () => {
    expect(await store.call("sign", { text: "ada" })).toEqual({ text: "ada" });
    const before = store.digest();
    await store.call("sign", { text: "rude" });
    const { id } = store.replica.ownTip();
    expect(store.replica.projection.poisonReason(id)).toBe("refused: be kind");
    expect(store.replica.projection.app.table("entries").count()).toBe(1);
    expect(store.digest()).not.toEqual(before);
  });

  it("gives the error of a command as it was thrown", async () => {
    await expect(store.call("sign", { text: "" })).rejects.toMatchObject({ code: "too-large" });
  });

  it("takes damage for damage, not for a refusal", async () => {
    const refused = store.replica.projection.poisonCount();
    await expect(store.call("sign", { text: "damaged" })).rejects.toMatchObject({ code: "corrupt" });
    expect(store.replica.projection.poisonCount()).toBe(refused);
  });
});
