/** Random causal DAGs of writes, honest and hostile, and what their set must amount to by the plain rule. */
import { compareBytes, makeId, sha256, toHex, utf8, type IntentionId, type PubKey } from "@lattice/model";
import { authorNamed, MemoryState } from "@lattice/store/testing";
import fc from "fast-check";
import { applyWrite, openRegisters, registerTables, type RegisterWrite } from "@lattice/kvtable";

export interface DagWrite extends RegisterWrite {
  readonly key: string;
  /** Everything its author had seen. */
  readonly past: ReadonlySet<number>;
}

interface Sketch {
  readonly author: number;
  readonly seen: number;
  readonly step: number;
  readonly key: string;
  readonly removal: boolean;
  readonly hostile: readonly number[] | undefined;
}

const sketch = fc.record({
  author: fc.nat(4),
  seen: fc.nat(0xffff),
  step: fc.nat(3),
  key: fc.constantFrom("a", "a", "a", "b"),
  removal: fc.boolean(),
  hostile: fc.option(fc.array(fc.nat(40), { maxLength: 5 }), { nil: undefined, freq: 2 }),
});

export function dagOf(maxLength: number): fc.Arbitrary<readonly DagWrite[]> {
  return fc.array(sketch, { minLength: 1, maxLength }).map(buildDag);
}

/** Some of these were never written by anybody. */
const PHANTOMS = [0n, 2n, 5n].map((time) => makeId(time, sha256(utf8(`phantom ${time}`))));

function buildDag(sketches: readonly Sketch[]): readonly DagWrite[] {
  const places = placesOf(sketches);
  const writes: DagWrite[] = [];
  for (const [index, { key, hostile, removal }] of sketches.entries()) {
    const { id, past, author } = places[index]!;
    const everything = [...places.map((place) => place.id), ...PHANTOMS];
    const supersedes =
      hostile === undefined
        ? liveWrites(
            [...past].map((each) => writes[each]!),
            key,
          ).map((write) => write.id)
        : hostile.map((pick) => everything[pick % everything.length]!).filter((named) => isOlder(named, id));
    writes.push({ id, author, key, past, supersedes, value: removal ? undefined : utf8(`value ${index}`) });
  }
  return writes;
}

function isOlder(a: IntentionId, b: IntentionId): boolean {
  return compareBytes(a.subarray(0, 8), b.subarray(0, 8)) < 0;
}

/** Every author's chain is in its past, and so is the past of what it saw; time rises along every edge. */
function placesOf(sketches: readonly Sketch[]) {
  const places: { id: IntentionId; time: bigint; past: Set<number>; author: PubKey }[] = [];
  for (const [index, { author, seen, step }] of sketches.entries()) {
    const past = new Set<number>();
    for (let other = 0; other < index; other++) {
      const sees = sketches[other]!.author === author || ((seen >> (other % 16)) & 1) === 1;
      if (sees) for (const each of [other, ...places[other]!.past]) past.add(each);
    }
    let time = BigInt(step);
    for (const each of past) if (places[each]!.time >= time) time = places[each]!.time + 1n;
    const id = makeId(time, sha256(utf8(`op ${index}`)));
    places.push({ id, time, past, author: authorNamed(`author ${author}`) });
  }
  return places;
}

/** The rule as it is said: live are the writes of the key that no write of the key names. The winner first. */
export function liveWrites(writes: readonly DagWrite[], key: string): readonly DagWrite[] {
  const ofKey = writes.filter((write) => write.key === key);
  const named = new Set(ofKey.flatMap((write) => write.supersedes.map(toHex)));
  const live = ofKey.filter((write) => !named.has(toHex(write.id)));
  const rank = (write: DagWrite) => toHex(write.id).slice(0, 16) + toHex(write.author) + toHex(write.id);
  return live.sort((a, b) => (rank(a) < rank(b) ? 1 : -1));
}

export function applyAll(writes: readonly DagWrite[]): MemoryState {
  const state = new MemoryState(registerTables("r"));
  const registers = openRegisters(state, "r");
  for (const write of writes) applyWrite(registers, utf8(write.key), write);
  return state;
}

/** Every order in which each write comes after its past. */
export function* causalOrders(writes: readonly DagWrite[]): Iterable<readonly DagWrite[]> {
  yield* extend([], new Set());
  function* extend(order: DagWrite[], placed: Set<number>): Iterable<readonly DagWrite[]> {
    if (order.length === writes.length) yield [...order];
    for (const [index, write] of writes.entries()) {
      if (placed.has(index) || [...write.past].some((each) => !placed.has(each))) continue;
      yield* extend([...order, write], new Set([...placed, index]));
    }
  }
}

/** One causal order: of the writes that may come next, always the one with the least number. */
export function causalOrderBy(writes: readonly DagWrite[], numbers: readonly number[]): readonly DagWrite[] {
  const placed = new Set<number>();
  while (placed.size < writes.length) {
    const ready = [...writes.keys()].filter(
      (index) => !placed.has(index) && [...writes[index]!.past].every((each) => placed.has(each)),
    );
    ready.sort((a, b) => numbers[a % numbers.length]! - numbers[b % numbers.length]! || a - b);
    placed.add(ready[0]!);
  }
  return [...placed].map((index) => writes[index]!);
}
