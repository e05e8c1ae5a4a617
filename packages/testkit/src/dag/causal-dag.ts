/**
 * Random causal DAGs: who wrote what, knowing what. Of any values: what they become, ops or intentions, is up to whoever
 * asks.
 */
import fc from "fast-check";
import { DAG_COUNT_MAX, PULLS_MAX } from "../limits.ts";

/** One thing that an author wrote. */
export interface DagNode<Value = unknown> {
  /** Its place in the DAG's list; everything it knows of has a lower one. */
  readonly index: number;
  readonly author: string;
  /** Of its author, from 1 up. A fork has the number of its twin. */
  readonly seq: number;
  /** Above that of everything it knows of; concurrent nodes often share one. */
  readonly timeMs: number;
  /** Indices of all that its author knew. */
  readonly past: ReadonlySet<number>;
  /** Indices of those in its past that nothing else in its past knows of. */
  readonly parents: readonly number[];
  readonly value: Value;
}

export interface CausalDagOptions<Value> {
  readonly values: fc.Arbitrary<Value>;
  readonly authors?: readonly string[];
  readonly countMin?: number;
  readonly countMax?: number;
  /** From how many authors one has fetched before it writes, at most: 0 gives chains that know nothing of each other. */
  readonly pullsMax?: number;
  /** Whether an author now and then writes as if it did not know its own last op. */
  readonly forks?: boolean;
}

export const AUTHORS = ["alice", "bob", "carol", "dave"] as const;

interface Step<Value> {
  readonly author: string;
  readonly pulls: readonly string[];
  readonly waitMs: number;
  readonly isFork: boolean;
  readonly value: Value;
}

/** A DAG as a list in one causal order. Shrinks to fewer nodes, which know less. */
export function causalDag<Value>(options: CausalDagOptions<Value>): fc.Arbitrary<readonly DagNode<Value>[]> {
  const { authors = AUTHORS, countMin = 1, countMax = DAG_COUNT_MAX, pullsMax = PULLS_MAX } = options;
  const step: fc.Arbitrary<Step<Value>> = fc.record({
    author: fc.constantFrom(...authors),
    pulls: fc.array(fc.constantFrom(...authors), { maxLength: pullsMax }),
    waitMs: fc.constantFrom(0, 0, 1, 5),
    isFork: options.forks === false ? fc.constant(false) : fc.nat(9).map((chance) => chance === 9),
    value: options.values,
  });
  return fc.array(step, { minLength: countMin, maxLength: countMax, size: "max" }).map(buildDag);
}

function buildDag<Value>(steps: readonly Step<Value>[]): readonly DagNode<Value>[] {
  const nodes: DagNode<Value>[] = [];
  for (const { author, pulls, waitMs, isFork, value } of steps) {
    const own = nodes.filter((node) => node.author === author);
    const last = own.at(-1);
    const previous = isFork ? own.findLast((node) => node.seq < last!.seq) : last;
    const pulled = nodes.filter((node) => pulls.includes(node.author) && node.author !== author);
    const known = previous === undefined ? pulled : [...pulled, previous];
    const past = new Set(known.flatMap((node) => [...node.past, node.index]));
    const latestMs = Math.max(0, ...[...past].map((index) => nodes[index]!.timeMs));
    nodes.push({
      index: nodes.length,
      author,
      seq: (previous?.seq ?? 0) + 1,
      timeMs: latestMs + 1 + waitMs,
      past,
      parents: headsOf(nodes, past),
      value,
    });
  }
  return nodes;
}

function headsOf(nodes: readonly DagNode[], past: ReadonlySet<number>): readonly number[] {
  return [...past]
    .filter((index) => ![...past].some((other) => nodes[other]!.past.has(index)))
    .sort((a, b) => a - b);
}

/** What is left of a DAG without what an author wrote beyond `seq`, and without all that knows of that. */
export function withoutAuthor<Node extends DagNode>(
  nodes: readonly Node[],
  beyond: { readonly author: string; readonly seq: number },
): readonly Node[] {
  const isCut = (node: DagNode): boolean => node.author === beyond.author && node.seq > beyond.seq;
  const cut = new Set(nodes.filter(isCut).map((node) => node.index));
  return nodes.filter((node) => !cut.has(node.index) && [...node.past].every((index) => !cut.has(index)));
}
