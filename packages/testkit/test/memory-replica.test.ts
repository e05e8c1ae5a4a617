import { LatticeError, toHex, utf8 } from "@lattice/model";
import type { StateTable } from "@lattice/store";
import { MemoryReplica, MemoryState } from "@lattice/testkit";
import { describe, expect, it } from "vitest";
import { notes, withApply } from "./notes.ts";

const [A, B] = [utf8("a"), utf8("b")];

describe("MemoryState", () => {
  it("keeps what a transaction wrote, or nothing of it", () => {
    const state = new MemoryState(["t"]);
    state.transaction((tx) => tx.table("t").put(A, A));
    const failing = (): void =>
      state.transaction((tx) => {
        tx.table("t").delete(A);
        tx.table("t").put(B, B);
        throw new RangeError("on purpose");
      });
    expect(failing).toThrow("on purpose");
    expect(state.dump()).toBe("t 61 61");
  });

  it("takes single writes, and none from its reader or when a transaction has ended", () => {
    const state = new MemoryState(["t"]);
    const table = state.table("t");
    table.put(A, A);
    table.put(B, B);
    expect(table.delete(A)).toBe(true);
    expect([table.has(A), table.has(B), table.count(), table.get(B)]).toEqual([false, true, 1, B]);
    expect(() => (state.reader.table("t") as StateTable).put(A, A)).toThrow(/in a transaction only/);
    const ended = state.transaction((tx) => tx.table("t"));
    expect(() => ended.put(A, A)).toThrow(/in a transaction only/);
    expect(() => state.table("u")).toThrow(/declared the table u/);
  });

  it("begins with the rows of another, and its digest follows from them", () => {
    const state = new MemoryState(["t", "u"]);
    state.table("u").put(A, B);
    const copy = new MemoryState(["t", "u"], state.rows());
    expect(copy.rows()).toEqual([["u", A, B]]);
    expect(copy.digest()).toEqual(state.digest());
    copy.table("t").put(A, B);
    expect(copy.digest()).not.toEqual(state.digest());
    expect(state.table("t").count()).toBe(0);
  });
});

describe("MemoryReplica", () => {
  const replica = (author: string) => new MemoryReplica(notes, { author });

  it("applies an op once, and only behind what it depends on", () => {
    const [alice, bob] = [replica("alice"), replica("bob")];
    const first = alice.submit({ name: "a", text: A });
    const second = alice.submit({ name: "a", text: B });
    expect(() => bob.apply(second)).toThrow(/delivery is causal/);
    expect([bob.apply(first), bob.apply(first), bob.apply(second)]).toEqual([true, false, true]);
    expect(bob.state.dump()).toBe(alice.state.dump());
    expect(bob.compose({ name: "b" }).parents).toEqual([second.op.id]);
  });

  it("records what is refused or is no payload", () => {
    const alice = replica("alice");
    alice.submit({ name: "" });
    const { op, parents } = alice.compose({ name: "a" });
    alice.apply({ op: { ...op, payload: undefined }, bytes: Uint8Array.of(0xff), parents });
    expect([...alice.refused.values()]).toEqual(["a note has no name", "undecodable"]);
    expect(alice.op(op.id)).toBeUndefined();
    expect(alice.state.dump()).toBe("");
  });

  it.each([
    ["a key has 5000 bytes", { length: 5000 }],
    ["a row has an empty key", { length: 0 }],
  ])("records what would make a row that no storage takes: %s", (reason, key) => {
    const type = withApply((tx) => {
      tx.table("notes").put(A, A);
      tx.table("notes").put(new Uint8Array(key.length), A);
      return [];
    });
    const alice = new MemoryReplica(type, { author: "alice" });
    const { op } = alice.submit({ name: "a" });
    expect([...alice.refused]).toEqual([[toHex(op.id), expect.stringContaining(reason)]]);
    expect([alice.state.dump(), alice.log.length]).toEqual(["", 1]);
  });

  it("throws on what else apply throws: it is a fault of the type", () => {
    const failing = withApply(() => {
      throw new LatticeError("corrupt", "a damaged row");
    });
    const alice = new MemoryReplica(failing, { author: "alice" });
    expect(() => alice.submit({ name: "a" })).toThrow("a damaged row");
  });

  it("writes nothing that no intention holds", async () => {
    const alice = replica("alice");
    const write = alice.methods.write({ name: "a", text: new Uint8Array(1 << 20) });
    await expect(write).rejects.toMatchObject({ code: "too-large" });
    expect(alice.log).toEqual([]);
  });

  it("is opened again with its log and its rows", async () => {
    const alice = replica("alice");
    await alice.methods.write({ name: "a", text: A });
    const again = alice.reopen();
    expect((await again.methods.read({ name: "a" })).text).toEqual(A);
    await again.methods.write({ name: "a", text: B });
    expect([again.log.length, alice.log.length]).toEqual([2, 1]);
    expect((await alice.methods.read({ name: "a" })).text).toEqual(A);
  });

  it("tells no change of what changed nothing", async () => {
    const alice = replica("alice");
    const stop = new AbortController();
    const changes = alice.streamContext().changes(stop.signal)[Symbol.asyncIterator]();
    alice.submit({ name: "" });
    alice.submit({ name: "b", text: B });
    const { value } = (await changes.next()) as { value: { events: unknown[] } };
    expect(value.events).toEqual([{ name: "b", text: B }]);
    stop.abort();
  });

  it("holds changes back while it is told to, and then tells them as one", async () => {
    const alice = replica("alice");
    alice.holdsChanges = true;
    const stop = new AbortController();
    const changes = alice.streamContext().changes(stop.signal)[Symbol.asyncIterator]();
    alice.submit({ name: "a", text: A });
    alice.submit({ name: "b", text: B });
    alice.flush();
    const { value } = (await changes.next()) as { value: { events: unknown[] } };
    expect(value.events).toHaveLength(2);
    expect(alice.subscriptionCount).toBe(1);
    stop.abort();
    expect([alice.subscriptionCount, (await changes.next()).done]).toEqual([0, true]);
  });
});
