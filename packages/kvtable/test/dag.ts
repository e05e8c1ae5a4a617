/** Random causal DAGs of writes, honest and hostile, and what their set must amount to by the plain rule. */
import { compareBytes, hlcFromMs, makeId, sha256, toHex, utf8, type IntentionId } from "@lattice/model";
import {
  authorNamed,
  causalDag,
  causalOrderBy,
  causalOrders,
  MemoryState,
  PHANTOM_IDS,
  type DagNode,
} from "@lattice/testkit";
import fc from "fast-check";
import { applyWrite, openRegisters, registerTables, type RegisterWrite } from "@lattice/kvtable";

export interface DagWrite extends RegisterWrite {
  readonly key: string;
  readonly node: DagNode<Sketch>;
}

interface Sketch {
  readonly key: string;
  readonly removal: boolean;
  /** What it names, of all ids there are and some that nobody wrote; undefined for what it knows to be live. */
  readonly hostile: readonly number[] | undefined;
}

const sketch: fc.Arbitrary<Sketch> = fc.record({
  key: fc.constantFrom("a", "a", "a", "b"),
  removal: fc.boolean(),
  hostile: fc.option(fc.array(fc.nat(40), { maxLength: 5 }), { nil: undefined, freq: 2 }),
});

export function dagOf(countMax: number): fc.Arbitrary<readonly DagWrite[]> {
  return causalDag({ values: sketch, countMax }).map(buildWrites);
}

function buildWrites(nodes: readonly DagNode<Sketch>[]): readonly DagWrite[] {
  const ids = nodes.map(({ index, timeMs }) => makeId(hlcFromMs(timeMs), sha256(utf8(`op ${index}`))));
  const everything = [...ids, ...PHANTOM_IDS];
  const writes: DagWrite[] = [];
  for (const node of nodes) {
    const { key, removal, hostile } = node.value;
    const id = ids[node.index]!;
    const known = [...node.past].map((index) => writes[index]!);
    const supersedes =
      hostile === undefined
        ? liveWrites(known, key).map((write) => write.id)
        : hostile.map((pick) => everything[pick % everything.length]!).filter((named) => isOlder(named, id));
    const value = removal ? undefined : utf8(`value ${node.index}`);
    writes.push({ id, author: authorNamed(node.author), key, supersedes, value, node });
  }
  return writes;
}

function isOlder(a: IntentionId, b: IntentionId): boolean {
  return compareBytes(a.subarray(0, 8), b.subarray(0, 8)) < 0;
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
export function* everyOrder(writes: readonly DagWrite[]): Iterable<readonly DagWrite[]> {
  for (const order of causalOrders(writes.map(({ node }) => node))) yield writesOf(order, writes);
}

/** One causal order: of the writes that may come next, always the one with the least number. */
export function orderBy(writes: readonly DagWrite[], numbers: readonly number[]): readonly DagWrite[] {
  const nodes = writes.map(({ node }) => node);
  return writesOf(
    causalOrderBy(nodes, ({ index }) => numbers[index % numbers.length]!),
    writes,
  );
}

function writesOf(order: readonly DagNode[], writes: readonly DagWrite[]): readonly DagWrite[] {
  return order.map(({ index }) => writes[index]!);
}
