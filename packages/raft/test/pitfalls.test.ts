/**
 * Where implementations of Raft have gone wrong, one test each: faults that were found in other systems, often after years.
 * The transcripts show most of it at length; here is what must never come back.
 */
import {
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  term,
  type MemberId,
  type Message,
  type Raft,
  type ReadResult,
} from "@lattice/raft";
import { describe, expect, it } from "vitest";
import {
  alone,
  append,
  chunk,
  heartbeat,
  logOf,
  requestVote,
  settled,
  snapshotOf,
  vote,
} from "./harness/alone.ts";
import { World } from "./harness/world.ts";

const LEASE = { driftMax: 0.1 };

function ledBy(leader: number, world: World): World {
  world.elect(leader);
  world.settle();
  return world;
}

/** What a member answered of this kind, to whom it may have been. */
function answers<T extends Message["type"]>(raft: Raft, type: T): Extract<Message, { type: T }>[] {
  return settled(raft).messages.filter(
    (message): message is Extract<Message, { type: T }> => message.type === type,
  );
}

describe("what is committed", () => {
  it("an entry of an earlier term is not committed by counting its copies (figure 8)", () => {
    const world = new World({ voters: [1, 2, 3], options: { messageEntriesMax: 1 } });
    world.elect(1);
    world.deliver({ from: 1, to: 2 });
    world.drop();
    world.crash(1);
    world.pass(1000);
    world.elect(2);
    // 3 refuses what follows 2:2, and gets 2:2 by itself.
    world.deliver({ to: 3 });
    world.deliver({ to: 2 });
    world.deliver({ to: 3 });
    world.deliver({ to: 2 });
    expect([world.log(2), world.log(3)]).toEqual(["1:1 2:2 3:3", "1:1 2:2"]);
    expect(world.status(2).peers.get(memberId(3))?.match).toBe(2);
    expect(world.status(2).commit).toBe(1);
    world.settle();
    expect(world.status(2).commit).toBe(3);
  });

  it("a follower takes over the commit index no further than the message shows its log to be the leader's", () => {
    const raft = alone({ log: "1:1 2:2 3:2", hardState: { term: 2, commit: 1 } });
    raft.step(append({ from: 2, term: 3, prev: "1:1", commit: 3 }));
    expect(raft.status().commit).toBe(1);
    raft.step(append({ from: 2, term: 3, prev: "1:1", entries: "2:3", commit: 3 }));
    expect([logOf(raft), raft.status().commit]).toEqual(["1:1 2:3", 2]);
  });

  it("an append that begins before the log does is no conflict: what is committed is alike everywhere", () => {
    const raft = alone({ log: "", snapshot: snapshotOf("5:2"), hardState: { term: 2, commit: 5 } });
    raft.step(append({ from: 2, term: 2, prev: "3:2", entries: "4:2 5:2 6:2", commit: 5 }));
    expect(logOf(raft)).toBe("6:2");
    expect(answers(raft, "append-reply")).toMatchObject([{ isRejected: false, index: 6 }]);
  });

  it("what is committed is never cut off, whatever a message says", () => {
    const raft = alone({ log: "1:1 2:2 3:2", hardState: { term: 2, commit: 3 } });
    raft.step(append({ from: 2, term: 3, prev: "1:1", entries: "2:3 3:3 4:3", commit: 1 }));
    expect(logOf(raft)).toBe("1:1 2:2 3:2 4:3");
    expect(raft.status().commit).toBe(3);
  });

  it("a log lets nothing be taken away that a snapshot covers", () => {
    const raft = alone({ log: "", snapshot: snapshotOf("5:2"), hardState: { term: 2, commit: 5 } });
    expect(() => raft.log.truncate(logIndex(5))).toThrow("log invariant 2");
  });
});

describe("what is cut off", () => {
  it.each([
    ["a shorter append", append({ from: 2, term: 2, prev: "1:1", entries: "2:2" })],
    ["an empty append", append({ from: 2, term: 2, prev: "1:1" })],
    ["the same append again", append({ from: 2, term: 2, prev: "1:1", entries: "2:2 3:2 4:2" })],
  ])("%s that comes late takes nothing away", (_, late) => {
    const raft = alone({ log: "1:1 2:2 3:2 4:2" });
    raft.step(late);
    expect(logOf(raft)).toBe("1:1 2:2 3:2 4:2");
  });

  it("of a conflict, what is alike in front of it stays", () => {
    const raft = alone({ log: "1:1 2:2 3:2 4:2" });
    raft.step(append({ from: 2, term: 3, prev: "1:1", entries: "2:2 3:3" }));
    expect(logOf(raft)).toBe("1:1 2:2 3:3");
  });

  it("logs that parted long ago come together in a few messages, not one for each place", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.isolate(1);
    world.propose(1, ...Array.from({ length: 500 }, (_, at) => `lost${at}`));
    world.drop();
    world.pass(1000);
    world.elect(2);
    world.settle();
    world.propose(2, ...Array.from({ length: 500 }, (_, at) => `kept${at}`));
    world.settle();
    world.heal();
    world.takeNotes();
    world.run(200);
    expect(world.log(1)).toBe(world.log(2));
    expect(world.takeNotes().filter((note) => note.includes("append-reply no")).length).toBeLessThanOrEqual(
      2,
    );
  });
});

describe("the disk", () => {
  it("a vote is on the disk before it is answered", () => {
    const world = new World({ voters: [1, 2, 3] });
    world.member(2).holdDisk();
    world.member(3).holdDisk();
    world.campaign(1);
    world.settle();
    expect(world.status(1).role).toBe("candidate");
    expect(world.status(2).vote).toBe(1);
    world.member(2).finishWrite();
    expect(world.member(2).persisted.hardState).toMatchObject({ term: 2, vote: 1 });
    expect(world.inFlight).toMatchObject([{ type: "vote", from: 2, isGranted: true }]);
  });

  it("a member that forgot a vote by a crash has not given it to anybody", () => {
    const world = new World({ voters: [1, 2, 3] });
    world.member(2).holdDisk();
    world.isolate(3);
    world.campaign(1);
    world.settle();
    world.restart(2);
    expect(world.status(2)).toMatchObject({ term: 1, vote: 0 });
    expect(world.status(1).role).toBe("candidate");
  });

  it("a candidate asks for votes once its own is on the disk", () => {
    const world = new World({ voters: [1, 2, 3] });
    world.member(1).holdDisk();
    world.campaign(1);
    world.settle();
    expect(world.status(1).role).toBe("candidate");
    expect(world.inFlight).toEqual([]);
    world.member(1).finishWrite();
    expect(world.inFlight.map(({ type }) => type)).toEqual(["request-vote", "request-vote"]);
  });

  it("a follower acknowledges what is on its disk, and a leader counts itself by the same measure", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    for (const { id } of world.members.values()) world.member(id).holdDisk();
    world.propose(1, "x");
    world.settle();
    expect(world.status(1).commit).toBe(2);
    world.member(2).finishWrite();
    world.settle();
    // On one disk of three.
    expect(world.status(1).commit).toBe(2);
    world.member(1).finishWrite();
    expect(world.status(1).commit).toBe(3);
  });

  it("two followers are a majority without the leader's own disk, which applies nothing before it has it", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.member(1).holdDisk();
    world.propose(1, "x");
    world.settle();
    expect(world.status(1).commit).toBe(3);
    expect(world.member(1).words).toEqual([]);
    world.member(1).releaseDisk();
    expect(world.member(1).words).toEqual(["x"]);
  });

  it("a lone voter commits nothing that is not on its disk", () => {
    const world = new World({ voters: [1] });
    world.campaign(1);
    world.member(1).holdDisk();
    const { commit } = world.status(1);
    world.propose(1, "x");
    expect(world.status(1).commit).toBe(commit);
    world.member(1).releaseDisk();
    expect(world.status(1).commit).toBe(commit + 1);
  });

  it("the commit index on the disk is a hint: it may be behind, and the log may end before it", () => {
    const behind = alone({ log: "1:1 2:2 3:2", hardState: { term: 2, commit: 0 } });
    behind.step(append({ from: 2, term: 2, prev: "3:2", commit: 3 }));
    expect(behind.status().commit).toBe(3);
    expect(alone({ log: "1:1", hardState: { term: 2, commit: 9 } }).status().commit).toBe(1);
  });

  it("the state machine may be ahead of that hint, and not of the log", () => {
    expect(alone({ log: "1:1 2:2", applied: 2, hardState: { term: 2, commit: 0 } }).status().commit).toBe(2);
    expect(() => alone({ log: "1:1", applied: 2 })).toThrow("not ahead of the log");
  });

  it("that a write is done says nothing about what has taken its place since (ABA)", () => {
    const raft = alone({ log: "1:1" });
    raft.step(append({ from: 2, term: 2, prev: "1:1", entries: "2:2 3:2" }));
    const first = raft.takeReady().writeId;
    raft.step(append({ from: 3, term: 3, prev: "1:1", entries: "2:3 3:3", commit: 3 }));
    const second = raft.takeReady().writeId;
    raft.persisted(first);
    expect(raft.log.stable).toBe(1);
    expect(raft.takeReady().committed).toEqual([]);
    raft.persisted(second);
    expect(raft.log.stable).toBe(3);
    expect(raft.takeReady().committed.map(({ term }) => term)).toEqual([3, 3]);
  });

  it("a candidate's own vote that becomes durable after the election is of no use", () => {
    const world = new World({ voters: [1, 2, 3] });
    world.member(1).holdDisk();
    world.campaign(1);
    world.settle();
    world.drop();
    world.deliverOne(heartbeat({ from: 2, term: 2 }));
    world.member(1).releaseDisk();
    expect(world.status(1)).toMatchObject({ role: "follower", leader: 2, term: 2 });
  });

  it("a candidate's own vote of an earlier term does not count in a later one", () => {
    const world = new World({ voters: [1] });
    world.member(1).holdDisk();
    world.campaign(1);
    world.campaign(1);
    world.member(1).finishWrite();
    expect(world.status(1)).toMatchObject({ role: "candidate", term: 3 });
    world.member(1).finishWrite();
    expect(world.status(1)).toMatchObject({ role: "leader", term: 3 });
  });

  it("what a leader of an earlier term wrote does not count for it in a later one", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.member(1).holdDisk();
    world.propose(1, "x");
    world.drop();
    world.deliverOne(heartbeat({ from: 2, term: 3 }));
    world.deliverOne(append({ from: 2, term: 3, prev: "2:2", entries: "3:3", commit: 2 }));
    world.member(1).finishWrite();
    expect(world.raft(1).log.stable).toBe(2);
    expect(world.inFlight.filter(({ type }) => type === "append-reply")).toEqual([]);
  });
});

describe("reads", () => {
  it("a new leader answers no read before it has committed an entry of its own, and drops none", () => {
    const world = new World({ voters: [1, 2, 3] });
    world.elect(1);
    world.read(1);
    world.deliver({ type: "heartbeat" });
    world.deliver({ type: "heartbeat-reply" });
    expect(world.takeNotes().join()).not.toContain("read 0");
    world.settle();
    expect(world.takeNotes()).toContain("1's read 0 is answered at 2");
  });

  it("an answer that comes late does not confirm a read that began after what it answers", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.read(1);
    world.deliver({ type: "heartbeat" });
    const late = world.drop({ type: "heartbeat-reply" });
    world.read(1);
    world.drop({ type: "heartbeat" });
    for (const message of late) world.deliverOne(message);
    expect(world.takeNotes().filter((note) => note.includes("'s read"))).toEqual([
      "1's read 0 is answered at 2",
    ]);
  });

  it("a read that was forwarded fails when leaders change", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.read(3);
    world.drop();
    world.transfer(1, 2);
    world.settle();
    expect(world.takeNotes()).toContain("3's read 0 is not answered");
  });

  it("a read is answered where it was asked once the state machine there is as far", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.cut(1, 3);
    world.propose(1, "x");
    world.settle();
    world.member(3).holdDisk();
    world.heal();
    world.read(3);
    world.settle();
    expect(world.takeNotes().join()).not.toContain("3's read");
    world.member(3).releaseDisk();
    world.run(100);
    expect(world.takeNotes()).toContain("3's read 0 is answered at 3");
  });

  it.each([1, 2])("member %d lets no more reads wait than it may", (id) => {
    const world = ledBy(1, new World({ voters: [1, 2, 3], options: { readsMax: 2 } }));
    world.read(id, 3);
    expect(world.takeNotes()).toContain(`${id}'s read 2 is not answered`);
    world.settle();
    expect(world.takeNotes()).toEqual(
      expect.arrayContaining([`${id}'s read 0 is answered at 2`, `${id}'s read 1 is answered at 2`]),
    );
  });

  it("a member without a leader says at once that it cannot read", () => {
    const raft = alone();
    raft.readIndex();
    const { reads } = settled(raft);
    expect(reads.map(({ index }: ReadResult) => index)).toEqual([undefined]);
  });
});

describe("leases", () => {
  it("a lease runs from when the heartbeat was sent, not from when it was answered", () => {
    const world = ledWithLease();
    world.pass(100);
    world.deliver({ type: "heartbeat" });
    const late = world.drop({ type: "heartbeat-reply" });
    world.pass(800);
    for (const message of late) world.deliverOne(message);
    world.read(1);
    expect(world.takeNotes()).toContain("1's read 0 is answered at 2");
    world.pass(100);
    world.read(1);
    expect(world.takeNotes().join()).not.toContain("1's read 1");
  });

  it("a leader that has asked another to succeed it has no lease any more", () => {
    const world = ledWithLease();
    world.transfer(1, 2);
    world.drop();
    world.run(1000);
    world.takeNotes();
    world.read(1);
    expect(world.takeNotes().join()).not.toContain("1's read");
    world.settle();
    expect(world.takeNotes()).toContain("1's read 0 is answered at 2");
  });

  it("patience that a leader was promised outlives its term", () => {
    const raft = alone({ id: 3, options: { lease: LEASE } });
    raft.step(heartbeat({ from: 1, to: 3, term: 2 }));
    // An answer to what it asked before it heard from the leader: somebody is in term 9 already.
    raft.step(vote({ from: 2, to: 3, term: 9, isGranted: false, isPre: true }));
    expect(raft.status().term).toBe(9);
    raft.step(requestVote({ from: 2, to: 3, term: 9, last: "1:1" }));
    expect(answers(raft, "vote")).toMatchObject([{ isGranted: false }]);
    for (let nowMs = 100; nowMs <= 1000; nowMs += 100) raft.tick(nowMs);
    raft.step(requestVote({ from: 2, to: 3, term: 9, last: "1:1" }));
    expect(answers(raft, "vote")).toMatchObject([{ isGranted: true }]);
  });

  it("nobody can be made to hold an election while a leader may rely on its patience", () => {
    const world = ledWithLease();
    world.cut(1, 3);
    world.cut(3, 1);
    world.run(900);
    // 3 has lost its patience, and 2 is what makes the leader's majority.
    world.campaign(2);
    world.settle();
    expect(world.status(1).role).toBe("leader");
    expect(world.status(2)).toMatchObject({ role: "follower", term: 2 });
  });

  it("a broken connection does not end the patience that a leader may rely on", () => {
    const world = ledWithLease();
    world.isolate(1);
    for (const id of [2, 3]) world.member(id).call((raft) => raft.peerLost(memberId(1)));
    world.run(900);
    expect([world.status(2).role, world.status(3).role]).toEqual(["follower", "follower"]);
  });

  it("who has just started keeps the promises that it does not remember", () => {
    const raft = alone({ options: { lease: LEASE } });
    raft.step(requestVote({ from: 2, term: 3, last: "1:1" }));
    expect(settled(raft).messages).toEqual([]);
    expect(raft.status().term).toBe(2);
  });

  function ledWithLease(): World {
    const world = new World({ voters: [1, 2, 3], options: { lease: LEASE } });
    world.run(1200);
    expect(world.leader).toBe(1);
    world.takeNotes();
    return world;
  }
});

describe("elections", () => {
  it("who is the only voter waits for nobody, at the start and after a crash; of several, each waits", () => {
    const world = new World({ voters: [1] });
    world.run(1);
    expect(world.leader).toBe(1);
    world.crash(1);
    world.restart(1);
    world.run(1);
    expect(world.leader).toBe(1);
    const two = new World({ voters: [1, 2] });
    two.run(1);
    expect(two.leader).toBeUndefined();
  });

  it("a pre-vote changes nobody's term and nobody's vote", () => {
    const raft = alone();
    raft.step(requestVote({ from: 2, term: 3, last: "1:1", isPre: true }));
    expect(answers(raft, "vote")).toMatchObject([{ isPre: true, isGranted: true, term: 3 }]);
    expect(raft.status()).toMatchObject({ term: 2, vote: 0 });
  });

  it("who is refused a pre-vote for being in an old term learns the term, and can be elected then", () => {
    const world = new World({ voters: [1, 2, 3] });
    world.crash(1);
    ledBy(2, world);
    world.crash(2);
    world.restart(1);
    world.pass(1000);
    world.campaign(1);
    world.settle();
    expect(world.status(1).term).toBe(2);
    world.campaign(3);
    world.settle();
    expect(world.status(3).role).toBe("leader");
  });

  it("those who cannot win do not keep the one who can from trying", () => {
    const raft = alone({ log: "1:1 2:2" });
    for (let nowMs = 100; nowMs <= 1400; nowMs += 100) raft.tick(nowMs);
    raft.step(requestVote({ from: 2, term: 9, last: "1:1" }));
    expect(raft.status()).toMatchObject({ role: "follower", term: 9, vote: 0 });
    raft.tick(1500);
    expect(raft.status().role).toBe("pre-candidate");
  });

  it("a pre-candidate has no leader", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.campaign(2);
    expect(world.status(2)).toMatchObject({ role: "pre-candidate", leader: 0 });
  });

  it("a bridge between two that do not hear each other elects none in the place of a leader that it hears", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.cut(1, 3);
    world.cut(3, 1);
    world.run(5000);
    expect([world.leader, world.status(1).term, world.status(2).term]).toEqual([1, 2, 2]);
  });

  it("a leader that is heard by all and hears nobody gives way", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.cut(2, 1);
    world.cut(3, 1);
    world.run(3000);
    expect(world.leader).toBe(2);
  });

  it("a member in a higher term than the leader's is not stuck", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.transfer(1, 3);
    world.deliver({ type: "timeout-now" });
    world.drop();
    expect(world.status(3).term).toBe(3);
    world.run(3000);
    expect(world.status(3)).toMatchObject({
      role: "follower",
      leader: world.leader,
      term: world.status(1).term,
    });
  });

  it("who was away for half an election timeout does not blame the leader for it", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.jump(5000);
    expect([...world.members.keys()].map((id) => world.status(id).role)).toEqual([
      "leader",
      "follower",
      "follower",
    ]);
    world.settle();
    world.run(2000);
    expect(world.status(1)).toMatchObject({ role: "leader", term: 2 });
  });

  it("a broken connection to the leader makes an election come soon, one to another member does not", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.crash(1);
    world.member(3).call((raft) => raft.peerLost(memberId(2)));
    world.pass(200);
    expect(world.status(3).role).toBe("follower");
    world.member(2).call((raft) => raft.peerLost(memberId(1)));
    world.member(3).call((raft) => raft.peerLost(memberId(1)));
    world.run(45);
    expect(world.leader).toBe(2);
  });

  it("who asked before the others knew that the leader is lost asks again soon", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.cut(1, 3);
    world.propose(1, "only at 2");
    world.settle();
    world.heal();
    world.crash(1);
    world.member(2).call((raft) => raft.peerLost(memberId(1)));
    world.run(130);
    expect(world.leader).toBeUndefined();
    // It cannot win itself.
    world.member(3).call((raft) => raft.peerLost(memberId(1)));
    world.run(600);
    expect(world.leader).toBe(2);
  });
});

describe("membership", () => {
  const remove = (member: number) => ({ kind: "remove", member: memberId(member) }) as const;
  const addVoter = (member: number) => ({ kind: "add-voter", member: memberId(member) }) as const;
  const addLearner = (member: number) => ({ kind: "add-learner", member: memberId(member) }) as const;

  it("nothing changes before a leader has committed an entry of its own term", () => {
    const world = new World({ voters: [1, 2, 3] });
    world.elect(1);
    expect(world.change(1, addLearner(4))).toEqual({ reason: "change-under-way" });
    world.settle();
    expect(world.change(1, addLearner(4))).toMatchObject({ term: 2 });
  });

  it("there is one change at a time", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.change(1, addVoter(4));
    expect(world.change(1, remove(2))).toEqual({ reason: "change-under-way" });
  });

  it("a change of learners ends once it is committed", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.change(1, addLearner(4));
    expect(world.change(1, addLearner(5))).toEqual({ reason: "change-under-way" });
    world.settle();
    expect(world.change(1, addLearner(5))).toMatchObject({ term: 2 });
  });

  it("a membership that is cut off with its entry does not count any more", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.isolate(1);
    world.change(1, remove(2), remove(3));
    expect(world.status(1).membership.voters).toEqual([1]);
    world.pass(1000);
    world.elect(2);
    world.settle();
    world.heal();
    world.run(200);
    expect(world.status(1).membership).toEqual(membershipOf([1, 2, 3].map(memberId)));
  });

  it("the membership in between needs a majority of the old members as well", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.isolate(2);
    world.isolate(3);
    world.change(1, remove(2), remove(3));
    world.settle();
    expect(world.status(1).commit).toBe(2);
    world.heal();
    world.run(200);
    expect(world.status(1).membership).toEqual(membershipOf([memberId(1)]));
  });

  it("a snapshot brings the membership along, through two compactions", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.change(1, addLearner(4));
    world.isolate(4);
    world.settle();
    const { commit, membership } = world.status(1);
    world.member(1).takeSnapshot(commit, 0);
    world.propose(1, "x");
    world.settle();
    world.member(1).takeSnapshot(commit + 1, 0);
    world.heal();
    world.run(300);
    expect(world.status(4).membership).toEqual(membership);
    world.restart(1);
    expect(world.status(1).membership).toEqual(membership);
    world.restart(4);
    expect(world.status(4).membership).toEqual(membership);
  });

  it("an installed snapshot's membership takes the place of one that was not committed", () => {
    const membership = membershipOf([1, 2].map(memberId));
    const raft = alone({ log: "1:1 2:2" });
    raft.step(chunk({ from: 2, term: 3, snapshot: snapshotOf("5:3", membership) }));
    expect(raft.status().membership).toEqual(membership);
  });

  it("a removed leader does not count itself, steps down once that is committed, and disturbs nobody", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.change(1, remove(1));
    world.deliver();
    world.deliver();
    // The membership in between is committed. The next is on 1 and 2, and of those that stay, {2 3}, both are needed.
    world.deliver({ to: 2 });
    world.deliver({ from: 2 });
    expect(world.status(1)).toMatchObject({ role: "leader", commit: 3, last: { index: 4 } });
    world.settle();
    expect(world.status(1).role).toBe("follower");
    const { term } = world.status(world.leader!);
    world.run(5000);
    expect(world.status(world.leader!).term).toBe(term);
  });

  it("a leader that becomes a learner steps down", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.change(1, addLearner(1));
    world.settle();
    expect(world.status(1).role).toBe("follower");
    expect(world.status(world.leader!).membership).toEqual(membershipOf([2, 3].map(memberId), [memberId(1)]));
  });

  it("a removed member hears of it, and does not campaign", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.change(1, remove(3));
    world.settle();
    expect(world.status(3).membership.voters).toEqual([1, 2]);
    world.isolate(3);
    world.run(5000);
    expect(world.status(3).role).toBe("follower");
  });

  it("one that its own log puts out campaigns until that is committed, since nobody else may have that log", () => {
    const [one, three] = [1, 3].map(memberId) as [MemberId, MemberId];
    const joint = { ...membershipOf([three]), outgoing: [one, three] };
    const putOut = { index: logIndex(6), term: term(2), kind: EntryKind.MEMBERSHIP, data: new Uint8Array() };
    const outcomes = [5, 6].map((commit) => {
      const snapshot = { ...snapshotOf("5:2"), membership: joint };
      const raft = alone({ log: "", snapshot, hardState: { term: 2, commit: 5 } });
      const message = append({ from: 3, term: 2, prev: "5:2", commit });
      raft.step({ ...message, entries: [{ ...putOut, membership: membershipOf([three]) }] } as Message);
      settled(raft);
      raft.campaign();
      return answers(raft, "request-vote").map(({ to }) => to);
    });
    expect(outcomes).toEqual([[three], []]);
  });

  it("one that was removed without hearing of it does not disturb the others", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.isolate(3);
    world.change(1, remove(3));
    world.settle();
    world.run(3000);
    world.heal();
    world.run(3000);
    expect(world.status(1)).toMatchObject({ role: "leader", term: 2 });
  });

  it("a learner counts for nothing, and for one once it is promoted", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3], learners: [4] }));
    world.isolate(2);
    world.isolate(3);
    world.propose(1, "x");
    world.settle();
    expect(world.status(1).commit).toBe(2);
    world.heal();
    world.run(200);
    world.change(1, addVoter(4));
    world.settle();
    world.isolate(2);
    const { last } = world.status(1);
    world.propose(1, "y");
    world.settle();
    expect(world.status(1).commit).toBe(last.index + 1);
  });

  it("who has not got most of the log is not promoted", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3], learners: [4] }));
    world.isolate(4);
    world.propose(1, ..."abcdefghijklmnopqrstuvwxyz");
    world.settle();
    expect(world.change(1, addVoter(4))).toEqual({ reason: "too-far-behind" });
  });

  it("data that is not committed does not keep a change from being finished", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3], options: { uncommittedBytesMax: 1 } }));
    world.propose(1, "much more than that");
    world.change(1, addVoter(4));
    expect(world.propose(1, "x")).toEqual({ reason: "too-much-uncommitted" });
    world.settle();
    expect(world.status(1).membership).toEqual(membershipOf([1, 2, 3, 4].map(memberId)));
    expect(world.propose(1, "x")).toMatchObject({ term: 2 });
  });
});

describe("snapshots", () => {
  it("a snapshot of what is committed already moves nothing back, and is acknowledged", () => {
    const raft = alone({ log: "1:1 2:2 3:2 4:2", hardState: { term: 2, commit: 4 } });
    raft.step(chunk({ from: 2, term: 2, snapshot: snapshotOf("3:2") }));
    expect([logOf(raft), raft.status().commit]).toEqual(["1:1 2:2 3:2 4:2", 4]);
    expect(answers(raft, "append-reply")).toMatchObject([{ isRejected: false, index: 4 }]);
  });

  it("a snapshot of what the log has left behind already moves nothing back", () => {
    const raft = alone({ log: "6:2", snapshot: snapshotOf("5:2"), hardState: { term: 2, commit: 6 } });
    raft.step(chunk({ from: 2, term: 2, snapshot: snapshotOf("3:2") }));
    expect([logOf(raft), raft.status().commit, raft.status().applied]).toEqual(["6:2", 6, 5]);
  });

  it("a write that was under way when a snapshot came says nothing about what comes behind that", () => {
    const raft = alone({ log: "1:1" });
    raft.step(append({ from: 2, term: 2, prev: "1:1", entries: "2:2 3:2 4:2" }));
    const before = raft.takeReady().writeId;
    raft.step(chunk({ from: 3, term: 3, snapshot: snapshotOf("3:3") }));
    raft.step(append({ from: 3, term: 3, prev: "3:3", entries: "4:3", commit: 4 }));
    raft.takeReady();
    raft.persisted(before);
    expect(raft.takeReady().committed).toEqual([]);
  });

  it("what stands behind a snapshot stays where the log holds the snapshot's entry", () => {
    const raft = alone({ log: "1:1 2:2 3:2 4:2" });
    raft.step(chunk({ from: 2, term: 2, snapshot: snapshotOf("3:2") }));
    expect([logOf(raft), raft.status().commit]).toEqual(["1:1 2:2 3:2 4:2", 3]);
  });

  it("everything gives way to a snapshot where the log has another entry in its place", () => {
    const raft = alone({ log: "1:1 2:2 3:2 4:2" });
    raft.step(chunk({ from: 2, term: 3, snapshot: snapshotOf("3:3") }));
    expect([logOf(raft), raft.log.base, raft.status().commit]).toEqual(["", { index: 3, term: 3 }, 3]);
  });

  it("two snapshots in quick succession leave the second, in one write or two", () => {
    const raft = alone({ log: "1:1" });
    raft.step(chunk({ from: 2, term: 3, snapshot: snapshotOf("5:3") }));
    raft.step(chunk({ from: 2, term: 3, snapshot: snapshotOf("9:3") }));
    const { write, writeId } = raft.takeReady();
    expect(write?.install).toMatchObject({ index: 9 });
    expect(write?.chunks.map(({ snapshot }) => snapshot.index)).toEqual([5, 9]);
    raft.persisted(writeId);
    expect([raft.log.stable, raft.status().commit]).toEqual([9, 9]);
  });

  it("entries behind a snapshot are applied once the snapshot is on the disk", () => {
    const raft = alone({ log: "1:1" });
    raft.step(chunk({ from: 2, term: 3, snapshot: snapshotOf("5:3") }));
    raft.step(append({ from: 2, term: 3, prev: "5:3", entries: "6:3", commit: 6 }));
    const { committed, writeId, afterPersist } = raft.takeReady();
    expect(committed).toEqual([]);
    expect(afterPersist.map(({ type }) => type)).toEqual(["append-reply", "append-reply"]);
    raft.persisted(writeId);
    expect(raft.takeReady().committed.map(({ index }) => index)).toEqual([6]);
  });

  it("appends that cross a snapshot on its way let replication go on", () => {
    const world = behindTheLog();
    const late = world.drop({ type: "snapshot" });
    for (const message of late) world.deliverOne(message);
    world.propose(1, "y");
    world.settle();
    for (const message of late) world.deliverOne(message);
    world.settle();
    expect(world.member(3).words).toEqual(["x", "y"]);
  });

  it("who has installed a snapshot that has become old gets the next one", () => {
    const world = behindTheLog();
    world.propose(1, "y");
    world.deliver({ from: 1, to: 2 });
    world.deliver({ from: 2 });
    world.member(1).takeSnapshot(4, 0);
    world.run(300);
    expect(world.member(3).words).toEqual(["x", "y"]);
    expect(world.status(1).peers.get(memberId(3))).toMatchObject({ state: "replicate", match: 4 });
  });

  it("a snapshot that cannot be had any more is given up for the one there is", () => {
    const world = behindTheLog();
    world.drop({ type: "snapshot" });
    world.propose(1, "y");
    world.settle();
    world.member(1).takeSnapshot(4, 0);
    world.member(1).dropSnapshot(3);
    world.member(1).call((raft) => raft.snapshotFailed(memberId(3)));
    world.run(200);
    expect(world.member(3).words).toEqual(["x", "y"]);
  });

  it("who needs a snapshot waits until one is offered, and gets that one", () => {
    const world = behindTheLog();
    const first = world.member(1).raft.snapshot!;
    world.drop({ type: "snapshot" });
    world.member(1).call((raft) => raft.offerSnapshot(undefined));
    world.member(1).call((raft) => raft.snapshotFailed(memberId(3)));
    world.run(300);
    expect(world.member(3).words).toEqual([]);
    expect(world.member(1).raft.wantsSnapshot).toBe(true);
    expect(world.inFlight.filter(({ type }) => type === "snapshot")).toEqual([]);
    world.member(1).call((raft) => raft.offerSnapshot(first));
    expect(world.member(1).raft.wantsSnapshot).toBe(false);
    world.run(100);
    expect(world.member(3).words).toEqual(["x"]);
  });

  it("a snapshot without bytes cuts the log off, and is not sent; one with bytes that is older than the log's beginning neither", () => {
    const world = behindTheLog();
    const first = world.member(1).raft.snapshot!;
    world.drop({ type: "snapshot" });
    world.propose(1, "y");
    world.settle();
    world.member(1).call((raft) => {
      const index = logIndex(4);
      const id = { index, term: raft.termAt(index)! };
      const membership = raft.membershipAt(index);
      raft.snapshotTaken({ ...id, membership, sizeBytes: 0, checksum: 0 }, id);
      raft.snapshotFailed(memberId(3));
    });
    world.member(1).call((raft) => raft.offerSnapshot(first));
    world.run(300);
    expect(world.member(1).raft.wantsSnapshot).toBe(true);
    expect(world.member(3).words).toEqual([]);
  });

  it("a chunk that is not the next one is not taken, and what is there already is said", () => {
    const raft = alone({ log: "1:1" });
    const snapshot = snapshotOf("5:3");
    raft.step(chunk({ from: 2, term: 3, snapshot, bytes: 2 }));
    raft.step(chunk({ from: 2, term: 3, snapshot, offset: 3, bytes: 1 }));
    raft.step(chunk({ from: 2, term: 3, snapshot, bytes: 2 }));
    expect(answers(raft, "snapshot-reply").map(({ offset }) => offset)).toEqual([2, 2, 2]);
  });

  /** 3 has to get a snapshot of 3:2'x', which is under way. */
  function behindTheLog(): World {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    world.isolate(3);
    world.propose(1, "x");
    world.settle();
    world.member(1).takeSnapshot(3, 0);
    world.heal();
    world.pass(100);
    world.deliver({ type: "heartbeat" });
    world.deliver({ type: "heartbeat-reply" });
    world.deliver({ type: "append" });
    world.deliver({ type: "append-reply" });
    expect(world.inFlight.map(({ type }) => type)).toEqual(["snapshot"]);
    return world;
  }
});

describe("flow", () => {
  it("an answer to a heartbeat lets a probe go on whose message was lost", () => {
    const world = new World({ voters: [1, 2, 3] });
    world.elect(1);
    world.drop({ to: 3 });
    world.settle();
    expect(world.status(1).peers.get(memberId(3))).toMatchObject({ state: "probe", isPaused: true });
    world.run(100);
    expect(world.log(3)).toBe(world.log(1));
  });

  it("a window full of lost messages is no standstill", () => {
    const options = { inflightMessagesMax: 1, messageEntriesMax: 1 };
    const world = ledBy(1, new World({ voters: [1, 2, 3], options }));
    world.propose(1, "x", "y", "z");
    world.drop({ to: 3 });
    world.settle();
    world.run(100);
    expect(world.log(3)).toBe(world.log(1));
  });

  it("what is sent next always stands behind what is known to be there", () => {
    const world = ledBy(1, new World({ voters: [1, 2, 3] }));
    const late = world.drop();
    world.propose(1, "x");
    const [first] = world.inFlight.filter(({ to }) => to === 3);
    world.settle();
    // An old refusal, once everything is there.
    world.deliverOne({
      ...append({ from: 3, term: 2, prev: "2:2" }),
      type: "append-reply",
      isRejected: true,
      index: logIndex(2),
      hintIndex: logIndex(1),
      hintTerm: first!.term,
    } as Message);
    expect(late).toEqual([]);
    const progress = world.status(1).peers.get(memberId(3));
    expect(progress).toMatchObject({ match: 3, next: 4, state: "replicate" });
  });

  it("what there is to apply comes in portions, of one entry in any case", () => {
    const raft = alone({ log: "1:1 2:2 3:2 4:2", applied: 1, options: { applyBytesMax: 6 } });
    raft.step(append({ from: 2, term: 2, prev: "4:2", commit: 4 }));
    const portions = [1, 2, 3].map(() => raft.takeReady().committed.map(({ index }) => index));
    expect(portions).toEqual([[2, 3], [4], []]);
  });

  it("a message holds no more entries and bytes than it may, and one entry in any case", () => {
    const options = { messageBytesMax: 3 };
    const world = ledBy(1, new World({ voters: [1, 2], options }));
    world.propose(1, "a", "bc", "d", "much longer", "e");
    const sizes = world.inFlight.map((message) => (message.type === "append" ? message.entries.length : 0));
    expect(sizes).toEqual([2, 1, 1, 1]);
  });
});
