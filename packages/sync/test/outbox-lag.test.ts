import { expect, it } from "vitest";
import { Outbox } from "../src/outbox.ts";
import { Club, connect, put } from "./stores.ts";
import { atRest } from "./wire.ts";

it("counts what a peer may still lack, while it is owed and while it is live", async () => {
  const club = await Club.of(2);
  const store = await club.store(0);
  const outbox = new Outbox(store);
  expect(outbox.unsentCount).toBe(store.durableWseq);
  outbox.payDebt([], store.durableWseq);
  expect(outbox.unsentCount).toBe(store.durableWseq);
  expect((await outbox.next())?.oneofKind).toBe("drained");
  expect(outbox.unsentCount).toBe(0);
  await put(store, "a", "1");
  await put(store, "b", "2");
  expect(outbox.unsentCount).toBe(2);
  expect((await outbox.next())?.oneofKind).toBe("batch");
  expect(outbox.unsentCount).toBe(0);
});

it("a session knows when both sides last held the same", async () => {
  const club = await Club.of(2);
  const [a, b] = [await club.store(0), await club.store(1)];
  await put(a, "k", "1");
  const { wire, sides, end } = connect(a, b, club.clock);
  const sessions = sides.map(({ session }) => session);
  expect(sessions.map(({ lastSameMs }) => lastSameMs)).toEqual([0, 0]);
  await atRest(wire);
  expect(sessions.map(({ lastSameMs }) => lastSameMs > 0)).toEqual([true, true]);
  expect(sessions.map(({ unsentCount }) => unsentCount)).toEqual([0, 0]);
  await end();
});
