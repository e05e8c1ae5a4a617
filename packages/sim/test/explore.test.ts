import type { Message } from "@lattice/raft";
import { describe, expect, it } from "vitest";
import { smallBounds, type Bounds } from "../src/explore/bounds.ts";
import { Explorer, type ExploreOptions } from "../src/explore/explorer.ts";
import { honestRules, type Rules } from "../src/explore/rules.ts";
import { retrace } from "../src/explore/trail.ts";

const tiny: Bounds = { ...smallBounds, entries: 0, faults: 0 };

function explore(options: ExploreOptions): Explorer {
  const explorer = new Explorer(options);
  while (explorer.advance(1000));
  return explorer;
}

/** What is broken in a world with these rules, and how, in as few steps as it takes. */
function broken(bounds: Partial<Bounds>, rules: Partial<Rules>) {
  const all = { bounds: { ...tiny, ...bounds }, rules: { ...honestRules, ...rules } };
  const { found } = explore({ ...all, progressEvery: Infinity });
  if (found === undefined) throw new Error("nothing was found to be broken");
  const { lines, violation } = retrace({ ...all, path: found.path });
  expect(violation?.message).toBe(found.violation.message);
  return { check: found.violation.check, steps: found.path.length, text: lines.join("\n") };
}

describe("a small world", { timeout: 120_000 }, () => {
  it("is seen whole, the same each time, and no rule is broken", () => {
    const options = { bounds: { ...tiny, entries: 1 }, progressEvery: 500 };
    const [first, again] = [explore(options), explore(options)];
    expect(first.found).toBeUndefined();
    expect(first.isExhausted).toBe(true);
    expect(first.figures.states).toBeGreaterThan(50_000);
    expect(first.figures.progressed).toBeGreaterThan(100);
    expect(again.figures).toEqual(first.figures);
  });

  it.each<Partial<Bounds>>([
    { members: 2, terms: 2, entries: 1, faults: 1, hasSlowDisks: false, snapshots: 1 },
    { members: 2, terms: 2, entries: 1, transfers: 1, stepDowns: 1, hasSlowDisks: false },
    { members: 1, outsiders: 1, terms: 2, entries: 1, faults: 1, changes: 1, hasSlowDisks: false },
    { members: 2, reads: 1, preVotes: 1, faults: 1 },
  ])("is seen whole with %o", (bounds) => {
    const { found, isExhausted } = explore({ bounds: { ...tiny, ...bounds }, progressEvery: 100 });
    expect(found?.violation.message).toBeUndefined();
    expect(isExhausted).toBe(true);
  });
});

describe("a world that is broken on purpose", { timeout: 120_000 }, () => {
  it("a disk that forgets votes, which shows before anybody votes twice", () => {
    const forgetful = ({ hardState, ...rest }: Parameters<Rules["recover"]>[0]) => {
      return { ...rest, hardState: { ...hardState, vote: 0 as typeof hardState.vote } };
    };
    const { check, steps, text } = broken({ faults: 1, hasSlowDisks: false }, { recover: forgetful });
    expect(check).toBe("one vote a term");
    expect(steps).toBe(2);
    expect(text).toContain("crashes and starts again");
  });

  it("votes that are taken for granted: two leaders in one term", () => {
    const { check } = broken(
      { hasSlowDisks: false },
      { hear: heard("vote", (vote) => ({ ...vote, isGranted: true })) },
    );
    expect(check).toBe("election safety");
  });

  it("a disk that says that it has what it has not: something is sent too early", () => {
    const { check, steps } = broken({}, { write: (disk) => disk });
    expect(check).toBe("durable before sent");
    expect(steps).toBe(2);
  });

  it("a disk that loses what it had: what was committed is not on a majority", () => {
    const recover: Rules["recover"] = (disk) => ({ ...disk, entries: disk.entries.slice(0, 1) });
    const { check } = broken({ faults: 1, hasSlowDisks: false }, { recover });
    expect(check).toBe("committed on a majority");
  });

  it("votes for whoever asks: a leader without what was committed", () => {
    const hear = heard("request-vote", (request) => ({
      ...request,
      lastTerm: (request.lastTerm + 9) as typeof request.term,
    }));
    const { check } = broken({ terms: 2, hasSlowDisks: false }, { hear });
    expect(check).toBe("leader completeness");
  });

  it("a world in which nothing can go on", () => {
    const hear = heard("append", (append) => ({ ...append, prevIndex: 99 as typeof append.prevIndex }));
    const { found } = explore({ bounds: tiny, rules: { ...honestRules, hear }, progressEvery: 10 });
    expect(found?.violation.check).toBe("progress");
  });

  it("entries that are acknowledged and were never there", () => {
    const hear = heard("append-reply", (reply) => {
      return { ...reply, isRejected: false, index: (reply.index + 1) as typeof reply.index };
    });
    const { check } = broken({ entries: 1, hasSlowDisks: false }, { hear });
    expect(check).toBe("committed on a majority");
  });

  it("answers that prove nothing to a leader: a read that misses a write", () => {
    const hear = heard("append-reply", (reply) => ({ ...reply, round: 9 }));
    const { check } = broken({ terms: 2, reads: 1, hasSlowDisks: false }, { hear });
    expect(check).toBe("reads");
  });
});

function heard<T extends Message["type"]>(
  type: T,
  change: (message: Extract<Message, { type: T }>) => Message,
): Rules["hear"] {
  return (message) => (message.type === type ? change(message as Extract<Message, { type: T }>) : message);
}
