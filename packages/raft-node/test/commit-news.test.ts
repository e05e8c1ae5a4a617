import { logIndex, memberId, term, type Append, type Entry, type Message } from "@lattice/raft";
import { FakeClock } from "@lattice/testkit";
import { beforeEach, expect, it } from "vitest";
import { CommitNews } from "../src/commit-news.ts";
import { COMMIT_NEWS_MS } from "../src/limits.ts";

const [A, B] = [memberId(2), memberId(3)];
let clock: FakeClock;
let sent: string[];
let news: CommitNews;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  news = new CommitNews({
    clock: { nowMs: () => clock.now(), after: (ms, callback) => clock.after(ms, callback) },
    send: (messages) => sent.push(...messages.map(({ to, commit }) => `${to}:${commit}`)),
  });
});

function append(to: typeof A, commit: number, entryCount = 0): Append {
  const entries = Array.from({ length: entryCount }, () => ({}) as Entry);
  const at = { prevIndex: logIndex(commit), prevTerm: term(1), commit: logIndex(commit) };
  return { type: "append", from: memberId(1), to, term: term(1), ...at, entries, round: 0 };
}

it("news of a commit waits a moment, and of several the last is told", () => {
  expect(news.keeps(append(A, 1))).toBe(true);
  expect(news.keeps(append(B, 1))).toBe(true);
  expect(news.keeps(append(A, 2))).toBe(true);
  expect(sent).toEqual([]);
  clock.advance(COMMIT_NEWS_MS);
  expect(sent).toEqual(["2:2", "3:1"]);
});

it("entries that are sent in the meantime tell it", () => {
  news.keeps(append(A, 1));
  news.keeps(append(B, 1));
  expect(news.keeps(append(A, 1, 1))).toBe(false);
  clock.advance(COMMIT_NEWS_MS);
  expect(sent).toEqual(["3:1"]);
});

it("a member with somebody who waits for it is told at once", () => {
  news.keeps(append(A, 1));
  news.hurry(A);
  news.hurry(B);
  expect(sent).toEqual(["2:1"]);
  expect(clock.timerCount).toBe(0);
});

it("keeps nothing else back", () => {
  const heartbeat = { type: "heartbeat", to: A } as unknown as Message;
  expect(news.keeps(heartbeat)).toBe(false);
});

it("an end is an end", () => {
  news.keeps(append(A, 1));
  news.end();
  clock.advance(COMMIT_NEWS_MS);
  expect(sent).toEqual([]);
});
