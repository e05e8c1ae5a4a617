/** Bytes in the tables that are not what this package wrote: it says so, or does not notice. It never hangs, and throws nothing else. */
import { etcdserverpb } from "@lattice/etcd-proto";
import { LatticeError, utf8 } from "@lattice/model";
import fc from "fast-check";
import { expect, it } from "vitest";
import { World } from "./world.ts";

const ALL = { key: utf8("\0"), rangeEnd: utf8("\0") };

it("damage of any one byte is told as such or goes unnoticed", () => {
  let toldCount = 0;
  const damage = fc.record({
    table: fc.constantFrom("mvcc.history", "mvcc.keys"),
    row: fc.nat(),
    at: fc.nat(),
    byte: fc.integer({ min: 0, max: 255 }),
    isCut: fc.boolean(),
  });
  const property = fc.property(damage, ({ table: name, row, at, byte, isCut }) => {
    const world = new World();
    for (let index = 0; index < 40; index++) world.put(`key ${index % 7}`, "value".repeat(index * 10));
    world.delete("key 3");
    world.compact(20);
    const rows = [...world.storage.table(name).range()];
    const [key, value] = rows[row % rows.length]!;
    const place = at % value.length;
    const damaged = isCut ? value.subarray(0, place) : value.with(place, byte);
    world.storage.transaction((table) => table(name).put(key, damaged));
    for (const ask of questions(world)) {
      try {
        ask();
      } catch (error) {
        expect(error).toBeInstanceOf(LatticeError);
        expect(error).toHaveProperty("code", "corrupt");
        toldCount += 1;
      }
    }
  });
  fc.assert(property, { numRuns: 300 });
  expect(toldCount).toBeGreaterThan(50);
});

function* questions(world: World): Generator<() => unknown> {
  const { keySpace } = world;
  for (const revision of [0n, 21n, 30n, 41n]) {
    yield () => keySpace.range(etcdserverpb.RangeRequest.create({ ...ALL, revision }));
  }
  yield () => keySpace.hash(0);
  yield () =>
    [...keySpace.eventsFrom(20, ALL)].flatMap(({ events }) => events.map((event) => event.encoded(true)));
  yield () => world.sweep(10);
  yield () => world.put("key 1", "again", { prevKv: true });
  yield () => world.delete("key", "kez");
}
