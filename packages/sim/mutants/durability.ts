/** What must be on disk before what, and what comes back after a crash (weaver.md §4, §5). */
import type { Mutant } from "./mutant.ts";

const STORE = "packages/kernel/src/store.ts";
const REPLICA = "packages/kernel/src/replica.ts";
const LOG = "packages/kernel/src/log.ts";
const OPEN = "packages/kernel/src/open-store.ts";
const REBUILD = "packages/kernel/src/rebuild.ts";
const PROJECTION = "packages/kernel/src/projection.ts";
const OUTBOX = "packages/sync/src/outbox.ts";

export const durabilityMutants: readonly Mutant[] = [
  {
    name: "ack-before-flush",
    file: STORE,
    find: "await this.#options.log.flush();\n        this.#durableWseq = wseq;",
    replace:
      "for (const waiter of waiters) waiter.resolve();\n        await this.#options.log.flush();\n        this.#durableWseq = wseq;",
    about: "a write is acknowledged while the disk is still at it",
  },
  {
    name: "durable-before-flush",
    file: STORE,
    find: "await this.#options.log.flush();\n        this.#durableWseq = wseq;",
    replace: "this.#durableWseq = wseq;\n        await this.#options.log.flush();",
    about: "what is being flushed counts as durable already",
  },
  {
    name: "durable-beyond-flush",
    file: STORE,
    find: "await this.#options.log.flush();\n        this.#durableWseq = wseq;",
    replace: "await this.#options.log.flush();\n        this.#durableWseq = this.#replica.log.head.wseq;",
    about: "what was written during a flush counts as flushed with it",
  },
  {
    name: "ack-of-failed-flush",
    file: STORE,
    find: "for (const waiter of this.#refused.splice(0)) waiter.reject(error);",
    replace:
      "this.#refused.shift()?.resolve();\n    for (const waiter of this.#refused.splice(0)) waiter.reject(error);",
    about: "one of those whose flush failed is told that all is well",
  },
  {
    name: "late-waiters-untold",
    file: STORE,
    find: "this.#refused.push(...this.#waiters.splice(0));\n      this.#outcomes = [];",
    replace: "this.#outcomes = [];",
    about: "whoever wrote while a flush failed is taken back and hears of the next one",
  },
  {
    name: "sends-undurable",
    file: OUTBOX,
    find: "const until = this.#store.durableWseq;\n    while",
    replace: "const until = this.#store.log.head.wseq;\n    while",
    about: "what is new leaves the node before it is on disk",
  },
  {
    name: "take-back-keeps-heads",
    file: LOG,
    find: "this.#heads = undefined;\n    this.#recent",
    replace: "this.#recent",
    about: "after a failed flush the next write cites what was taken back",
  },
  {
    name: "take-back-keeps-cursor",
    file: REPLICA,
    find: "this.projection.reload();\n    if (!this.projection.belongsToLog()) this.projection.clear();",
    replace: "",
    about: "after a failed flush nothing is projected again",
  },
  {
    name: "lost-state-kept",
    file: STORE,
    find: "if (!isLogBack && state.rollbackCount === seen.state) return;",
    replace: "if (!isLogBack) return;",
    about: "when the disk was too full for the state, nothing is projected again",
  },
  {
    name: "boot-id-ignored",
    file: OPEN,
    find: "return opened === undefined || opened === boot;",
    replace: "return true;",
    about: "a state that was open when the machine lost power is taken for whole",
  },
  {
    name: "cursor-after-state",
    file: PROJECTION,
    find: "writeCursor(table(META_TABLE), cursor, sums);\n      return { step, cursor };\n    });\n    this.#cursor = done.cursor;",
    replace:
      "return { step, cursor };\n    });\n    this.#storage.transaction((table) => {\n      writeCursor(table(META_TABLE), done.cursor, sums);\n    });\n    this.#cursor = done.cursor;",
    about: "the cursor is written in a transaction behind the state's",
  },
  {
    name: "cursor-before-state",
    file: PROJECTION,
    find: "const done = this.#storage.transaction((table) => {\n      const step = new ProjectionStep({",
    replace:
      "this.#storage.transaction((table) => {\n      writeCursor(table(META_TABLE), this.#cursorAt(head, head, this.#cursor.latestOp), sums);\n    });\n    const done = this.#storage.transaction((table) => {\n      const step = new ProjectionStep({",
    about: "the cursor is written in a transaction before the state's",
  },
  {
    name: "rebuild-drops-signatures",
    file: REBUILD,
    find: "if (record.signature === undefined) unproven.add(bytesKey(record.id));\n    if (batch.length",
    replace: "if (batch.length",
    about: "a rebuild may cut a group from the signature that vouches for it",
    escapes: "no log is longer than one batch of a rebuild, 4,096 records",
  },
];
