/**
 * Small worlds that are worth seeing all of, each for something that the others leave out. Together they take about a minute
 * and a half on one core.
 */
import { smallBounds, type Bounds } from "./bounds.ts";

export interface NamedWorld {
  readonly name: string;
  readonly bounds: Bounds;
}

const instant: Bounds = { ...smallBounds, hasSlowDisks: false, faults: 0, entries: 0 };
const two: Bounds = { ...smallBounds, members: 2 };

export const worlds: readonly NamedWorld[] = [
  { name: "an election, an entry, a crash while disks write", bounds: smallBounds },
  { name: "leaders of two terms", bounds: { ...instant, terms: 2 } },
  { name: "two crashes", bounds: { ...instant, faults: 2 } },
  { name: "two members, two terms, two faults while disks write", bounds: { ...two, terms: 2, faults: 2 } },
  {
    name: "two members, three terms, a read",
    bounds: { ...instant, members: 2, terms: 3, reads: 1, faults: 1 },
  },
  { name: "a read while disks write", bounds: { ...smallBounds, entries: 0, faults: 0, reads: 1 } },
  { name: "a real pre-vote", bounds: { ...instant, faults: 1, preVotes: 1 } },
  { name: "a snapshot", bounds: { ...instant, entries: 1, snapshots: 1 } },
  {
    name: "two members, two terms, a snapshot",
    bounds: { ...two, terms: 2, snapshots: 1, hasSlowDisks: false },
  },
  {
    name: "a leader hands over",
    bounds: { ...instant, members: 2, terms: 2, entries: 1, transfers: 1, stepDowns: 1 },
  },
  {
    name: "a learner is promoted, or a voter removed",
    bounds: { ...instant, members: 2, learners: 1, changes: 1 },
  },
  {
    name: "a machine becomes a member by way of a snapshot",
    bounds: { ...instant, members: 2, outsiders: 1, snapshots: 1, changes: 1 },
  },
  {
    name: "a cluster of one grows",
    bounds: { ...instant, members: 1, outsiders: 1, terms: 2, entries: 1, faults: 1, changes: 1 },
  },
  { name: "one of three is removed", bounds: { ...instant, changes: 1 } },
  // The last: where time is short, this one is not seen whole.
  { name: "leaders of two terms, an entry", bounds: { ...instant, terms: 2, entries: 1 } },
];
