import { LatticeError } from "@lattice/model";
import { memberId, NOBODY, term, type MemberId, type Raft } from "@lattice/raft";
import { describe, expect, it } from "vitest";
import { failure, reasonOf } from "../src/errors.ts";
import { ENTRY_BYTES_MAX } from "../src/limits.ts";
import { Proposals } from "../src/proposals.ts";
import { decodeGroups, encodeGroup, type RequestGroup } from "../src/request-group.ts";

const [SELF, OTHER] = [memberId(1), memberId(2)];
const SESSION = 7;

/** Proposals beside a Raft instance that only says what it is told to say. */
class Bench {
  nowMs = 0;
  readonly raft = {
    role: "follower" as Raft["role"],
    leader: OTHER,
    term: term(3),
    proposed: [] as Uint8Array[],
    refusal: undefined as ReturnType<Raft["propose"]> | undefined,
    propose(data: readonly Uint8Array[]) {
      if (this.refusal !== undefined) return this.refusal;
      this.proposed.push(...data);
      return { index: 1, term: 3 } as unknown as ReturnType<Raft["propose"]>;
    },
  };
  readonly forwarded: { leader: MemberId; term: number; group: RequestGroup }[] = [];
  forwardFails: LatticeError | undefined;
  readonly proposals = new Proposals<string>({
    member: SELF,
    session: SESSION,
    nowMs: () => this.nowMs,
    timeoutMs: 1000,
    patienceMs: 200,
    wake: () => undefined,
    forward: async (leader, inTerm, group) => {
      if (this.forwardFails !== undefined) throw this.forwardFails;
      this.forwarded.push({ leader, term: inTerm, group: decodeGroups(group)[0]! });
    },
  });

  add(text: string, signal?: AbortSignal): Promise<string> {
    return this.proposals
      .add(Buffer.from(text), signal)
      .catch((error: unknown) => reasonOf(error) ?? (error as LatticeError).code);
  }

  lead(inTerm: number): void {
    Object.assign(this.raft, { role: "leader", leader: SELF, term: term(inTerm) });
  }

  async turn(ms = 10): Promise<void> {
    this.nowMs += ms;
    const raft = this.raft as unknown as Raft;
    this.proposals.tick(raft);
    this.proposals.flush(raft);
    for (let count = 0; count < 5; count++) await Promise.resolve();
  }

  /** Entries that were proposed here are applied, in that term. */
  apply(entries: readonly Uint8Array[], inTerm: number): void {
    for (const entry of entries) {
      const groups = decodeGroups(entry);
      const results = groups.flatMap(({ requests }) =>
        requests.map((each) => `did ${String(Buffer.from(each))}`),
      );
      this.proposals.applied(term(inTerm), groups, results);
    }
  }
}

describe("at the leader", () => {
  it("requests of one turn share an entry, in their order, with those of others behind them", async () => {
    const bench = new Bench();
    bench.lead(3);
    const answers = [bench.add("a"), bench.add("b")];
    const group = { member: OTHER, session: 9, first: 5, requests: [Buffer.from("c")] };
    const taken = bench.proposals.forwarded(term(3), encodeGroup(group));
    await bench.turn();
    await taken;
    expect(bench.raft.proposed.length).toBe(1);
    const groups = decodeGroups(bench.raft.proposed[0]!);
    expect(groups.map(({ member, first }) => [member, first])).toEqual([
      [SELF, 0],
      [OTHER, 5],
    ]);
    bench.apply(bench.raft.proposed, 3);
    expect(await Promise.all(answers)).toEqual(["did a", "did b"]);
  });

  it("an entry is no larger than its bound, where no request is", async () => {
    const bench = new Bench();
    bench.lead(3);
    const large = "x".repeat(ENTRY_BYTES_MAX / 4);
    for (let count = 0; count < 10; count++) void bench.add(large);
    await bench.turn();
    expect(bench.raft.proposed.length).toBeGreaterThanOrEqual(3);
    for (const entry of bench.raft.proposed) expect(entry.length).toBeLessThan(ENTRY_BYTES_MAX * 1.1);
    expect(bench.raft.proposed.flatMap((entry) => decodeGroups(entry)).length).toBeGreaterThanOrEqual(3);
  });

  it("what was meant for the leader of another term is refused", async () => {
    const bench = new Bench();
    bench.lead(4);
    const group = encodeGroup({ member: OTHER, session: 9, first: 5, requests: [] });
    const taken = bench.proposals.forwarded(term(3), group).catch(reasonOf);
    await bench.turn();
    expect(await taken).toBe("not-leader");
  });

  it("too much is refused at once, and a transfer is waited for", async () => {
    const bench = new Bench();
    bench.lead(3);
    bench.raft.refusal = { reason: "too-much-uncommitted" };
    const refused = bench.add("a");
    await bench.turn();
    expect(await refused).toBe("too-many-requests");
    bench.raft.refusal = { reason: "transferring" };
    const waiting = bench.add("b");
    await bench.turn();
    Object.assign(bench.raft, { role: "follower", leader: NOBODY });
    await bench.turn();
    Object.assign(bench.raft, { leader: OTHER, term: term(4) });
    await bench.turn();
    expect(bench.forwarded.map(({ leader, term: in4 }) => [leader, in4])).toEqual([[OTHER, 4]]);
    bench.proposals.applied(term(4), [bench.forwarded[0]!.group], ["done"]);
    expect(await waiting).toBe("done");
  });
});

describe("at a follower", () => {
  it("a request that cannot be handed to the leader is refused soon", async () => {
    const bench = new Bench();
    bench.forwardFails = new LatticeError("unavailable", "nobody there", {
      details: { outcome: "not-sent" },
    });
    const outcome = bench.add("a");
    for (let count = 0; count < 30; count++) await bench.turn();
    expect(bench.proposals.openCount).toBe(0);
    expect(await outcome).toBe("no-leader");
  });

  it("what may have reached the leader is not sent again, and is unknown in the end", async () => {
    const bench = new Bench();
    bench.forwardFails = new LatticeError("unavailable", "cut off", { details: { outcome: "unknown" } });
    const outcome = bench.add("a");
    await bench.turn();
    bench.forwardFails = undefined;
    bench.raft.term = term(4);
    for (let count = 0; count < 110; count++) await bench.turn();
    expect(bench.forwarded).toEqual([]);
    expect(await outcome).toBe("leader-lost");
  });

  it("what may have reached the leader and shows when it is applied is answered", async () => {
    const bench = new Bench();
    bench.forwardFails = new LatticeError("unavailable", "cut off", { details: { outcome: "unknown" } });
    const outcome = bench.add("a");
    await bench.turn();
    const group = { member: SELF, session: SESSION, first: 0, requests: [Buffer.from("a")] };
    bench.proposals.applied(term(3), [group], ["done"]);
    expect(await outcome).toBe("done");
  });

  it("without a leader, requests are refused at once, but for a moment after it was lost", async () => {
    const bench = new Bench();
    await bench.turn();
    bench.raft.leader = NOBODY;
    const early = bench.add("a");
    await bench.turn();
    expect(bench.proposals.openCount).toBe(1);
    await bench.turn(100);
    expect(await early).toBe("no-leader");
    const late = bench.add("b");
    await bench.turn(0);
    expect(await late).toBe("no-leader");
  });
});

describe("once an entry of a later term is applied", () => {
  it("what was not applied before it is proposed again", async () => {
    const bench = new Bench();
    const lost = bench.add("a");
    await bench.turn();
    expect(bench.forwarded.length).toBe(1);
    bench.lead(4);
    bench.proposals.noteTerm(term(4));
    await bench.turn();
    bench.apply(bench.raft.proposed, 4);
    expect(await lost).toBe("did a");
  });

  it("what was applied is not", async () => {
    const bench = new Bench();
    bench.lead(3);
    const answered = bench.add("a");
    await bench.turn();
    const entries = bench.raft.proposed.splice(0);
    bench.apply(entries, 3);
    bench.proposals.noteTerm(term(4));
    await bench.turn();
    expect(bench.raft.proposed).toEqual([]);
    expect(await answered).toBe("did a");
  });

  it("nobody can tell of what lies in a snapshot", async () => {
    const bench = new Bench();
    const unknown = bench.add("a");
    await bench.turn();
    bench.proposals.skipped(term(4));
    expect(await unknown).toBe("leader-lost");
    await bench.turn();
    expect(bench.forwarded.length).toBe(1);
  });
});

describe("in the end", () => {
  it("who does not wait any more is told so, and what waited is not proposed", async () => {
    const bench = new Bench();
    bench.lead(3);
    const controller = new AbortController();
    const given = bench.add("a", controller.signal);
    controller.abort();
    expect(await given).toBe("cancelled");
    expect(await bench.add("b", AbortSignal.abort())).toBe("cancelled");
    await bench.turn();
    expect(bench.raft.proposed).toEqual([]);
  });

  it("a leader that does not get it done is waited for no longer than that", async () => {
    const bench = new Bench();
    bench.lead(3);
    const slow = bench.add("a");
    for (let count = 0; count < 110; count++) await bench.turn();
    expect(await slow).toBe("timeout");
  });

  it("what was proposed is unknown when the disk is full, and what was not is refused, as all after it", async () => {
    const bench = new Bench();
    bench.lead(3);
    const proposed = bench.add("a");
    await bench.turn();
    const waiting = bench.add("b");
    bench.proposals.close(failure("no-space"));
    expect(await proposed).toBe("leader-lost");
    expect(await waiting).toBe("no-space");
    expect(await bench.add("c")).toBe("no-space");
    bench.proposals.reopen();
    const after = bench.add("d");
    await bench.turn();
    bench.apply(bench.raft.proposed, 3);
    expect(await after).toBe("did d");
  });

  it("another session's requests are not taken for this one's", async () => {
    const bench = new Bench();
    bench.lead(3);
    const waiting = bench.add("a");
    await bench.turn();
    const group = { member: SELF, session: SESSION + 1, first: 0, requests: [Buffer.from("a")] };
    bench.proposals.applied(term(3), [group], ["of before"]);
    bench.apply(bench.raft.proposed, 3);
    expect(await waiting).toBe("did a");
  });
});
