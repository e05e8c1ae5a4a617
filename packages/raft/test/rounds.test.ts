import { describe, expect, it } from "vitest";
import { logIndex, memberId, type ReadId } from "@lattice/raft";
import { Rounds } from "../src/rounds.ts";

const me = memberId(1);
const read = (number: number): ReadId => ({ session: 7, number });
const numbers = (rounds: Rounds, confirmed: number) => rounds.take(confirmed).map((each) => each.read.number);

describe("a read", () => {
  it("waits for a round that begins after it", () => {
    const rounds = new Rounds();
    rounds.begin(0);
    rounds.ask(me, read(1), logIndex(3));
    expect(rounds.isWanted).toBe(true);
    expect(numbers(rounds, 1)).toEqual([]);
    rounds.begin(10);
    expect(rounds.isWanted).toBe(false);
    expect(numbers(rounds, 2)).toEqual([1]);
    expect(numbers(rounds, 2)).toEqual([]);
  });

  it("is settled by any later round as well", () => {
    const rounds = new Rounds();
    rounds.ask(me, read(1), logIndex(3));
    for (const atMs of [0, 10, 20]) rounds.begin(atMs);
    expect(numbers(rounds, 3)).toEqual([1]);
  });

  it("waits for the index that a new leader does not know yet, and keeps the one it has", () => {
    const rounds = new Rounds();
    rounds.ask(me, read(1), undefined);
    rounds.ask(me, read(2), logIndex(4));
    rounds.begin(0);
    expect(numbers(rounds, 1)).toEqual([2]);
    rounds.nameIndex(logIndex(6));
    rounds.nameIndex(logIndex(9));
    expect(rounds.take(1)).toMatchObject([{ read: read(1), index: 6 }]);
  });

  it("is handed back when the leader gives way", () => {
    const rounds = new Rounds();
    rounds.ask(me, read(1), logIndex(3));
    expect(rounds.takeAll().map((each) => each.read.number)).toEqual([1]);
    expect(rounds.waitingCount).toBe(0);
  });
});

describe("a lease", () => {
  it("runs from when the last confirmed round began", () => {
    const rounds = new Rounds();
    for (const atMs of [5, 10, 20]) rounds.begin(atMs);
    expect(rounds.confirmedBeganAt(0)).toBe(-Infinity);
    expect(rounds.confirmedBeganAt(1)).toBe(5);
    expect(rounds.confirmedBeganAt(2)).toBe(10);
    rounds.begin(30);
    expect(rounds.confirmedBeganAt(2)).toBe(10);
    expect(rounds.confirmedBeganAt(4)).toBe(30);
  });

  it("has not begun before there was a round", () => {
    expect(new Rounds().confirmedBeganAt(0)).toBe(-Infinity);
  });
});
