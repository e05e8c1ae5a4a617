/** Ways to drive a core that is right so that the server is wrong (docs/cluster.md). Searched for among clusters of whole servers. */
import type { Mutant } from "./mutant.ts";

const COMPACTION = "packages/raft-node/src/compaction.ts";
const LIFE = "packages/raft-node/src/life.ts";
const PROPOSALS = "packages/raft-node/src/proposals.ts";
const READS = "packages/raft-node/src/read-barriers.ts";
const RECEIVER = "packages/raft-node/src/snapshot-receiver.ts";
const WRITES = "packages/raft-node/src/write-queue.ts";

export const clusterMutants: readonly Mutant[] = [
  {
    name: "read-not-applied",
    file: READS,
    find: "const ready = this.#known.filter((each) => each.index <= index);",
    replace: "const ready = this.#known;",
    about: "a read does not wait until the machine has applied what it has to show",
  },
  {
    name: "read-unasked",
    file: READS,
    find: "if (barriers.length > 0) this.#asked.set(raft.readIndex().number, barriers);",
    replace: "for (const barrier of barriers) barrier.resolve();",
    about: "a read shows what is here, whoever leads",
  },
  {
    name: "unknown-proposed-again",
    file: PROPOSALS,
    find: 'if (error.details["outcome"] !== "not-sent" && reasonOf(error) === undefined) return;',
    replace: "",
    about: "what a leader may have got is proposed once more",
  },
  {
    name: "lost-too-early",
    file: PROPOSALS,
    find: "pending.term < term);",
    replace: "pending.term <= term);",
    about: "a request is given up for lost while entries of its term still come",
  },
  {
    name: "forwarded-in-any-term",
    file: PROPOSALS,
    find: 'if (each.term !== term) each.reject(refused({ reason: "not-leader", leader }));\n      return each.term === term;',
    replace: "return true;",
    about: "what was meant for a leader of an earlier term is proposed in this one",
  },
  {
    name: "results-of-others",
    file: PROPOSALS,
    find: "      at += group.requests.length;",
    replace: "",
    about: "of several members' requests in one entry, each gets the results of the first",
  },
  {
    name: "acknowledged-before-disk",
    file: WRITES,
    find: "await Promise.all(plain.map(({ change }) => this.#writeLog(change)));",
    replace: "void Promise.all(plain.map(({ change }) => this.#writeLog(change))).catch(() => undefined);",
    about: "a write counts as done when it has been asked for",
  },
  {
    name: "said-before-disk",
    file: LIFE,
    find: "if (afterPersist.length > 0) this.#held.push({ writeId, messages: afterPersist });",
    replace: "for (const message of afterPersist) this.#send(message);",
    about: "what has to wait for the disk is said at once",
  },
  {
    name: "snapshot-not-in-log",
    file: WRITES,
    find: "...(install !== undefined && { snapshot: { ...install, sizeBytes: 0, checksum: 0 } }),",
    replace: "",
    about: "the state is that of a snapshot, and the log goes on from before",
  },
  {
    name: "adopted-before-log",
    file: WRITES,
    find: "    await this.#writeLog(change);\n    if (change.install !== undefined) await steps.adopt(change);",
    replace:
      "    if (change.install !== undefined) await steps.adopt(change);\n    await this.#writeLog(change);",
    about: "the state of a snapshot takes its place before the log knows of it",
  },
  {
    name: "log-cut-before-checkpoint",
    file: COMPACTION,
    find: "const id = await machineTurn.run(() => machine.checkpoint());",
    replace: "const id = machine.applied;",
    about: "the log is cut off where the state is not durable",
  },
  {
    name: "staged-forgotten",
    file: RECEIVER,
    find: "await (isWanted ? machine.adopt() : machine.unstage());",
    replace: "await machine.unstage();",
    about: "a crash between the log's word and the state's change loses the state",
  },
];
