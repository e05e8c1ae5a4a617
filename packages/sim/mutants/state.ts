/** What follows from the log: registers, members, streams (weaver.md §3, §7, §9). */
import type { Mutant } from "./mutant.ts";

const HEAD = "packages/kvtable/src/head.ts";
const REGISTERS = "packages/kvtable/src/registers.ts";
const COMMANDS = "packages/kvstore/src/commands.ts";
const KV_OP = "packages/kvstore/src/kv-op.ts";
const WATCH = "packages/kvstore/src/watch.ts";
const ENTRIES = "packages/logstore/src/entries.ts";
const FOLLOW = "packages/logstore/src/follow.ts";
const DIGEST = "packages/kernel/src/digest-table.ts";
const STORE = "packages/kernel/src/store.ts";
const SYSTEM = "packages/systemstore/src/system-state.ts";

export const stateMutants: readonly Mutant[] = [
  {
    name: "oldest-wins",
    file: REGISTERS,
    find: "compareHeads(winner, write) > 0 ? write : winner",
    replace: "compareHeads(winner, write) < 0 ? write : winner",
    about: "of two concurrent writes of a key the older one wins",
  },
  {
    name: "last-come-wins",
    file: REGISTERS,
    find: "const loser = winner !== undefined && compareHeads(winner, write) > 0 ? write : winner;",
    replace: "const loser: Head | undefined = winner;",
    about: "of two concurrent writes of a key the one that came last wins",
  },
  {
    name: "tie-not-broken",
    file: HEAD,
    find: "return compareTime(a.id, b.id) || compareBytes(a.author, b.author) || compareBytes(a.id, b.id);",
    replace: "return compareTime(a.id, b.id);",
    about: "of two writes of one moment the one that came last wins",
  },
  {
    name: "loser-counted-on",
    file: REGISTERS,
    find: "else if (loserCount > 0 && registers.losers.delete(concatBytes(keyHash, id))) loserCount -= 1;",
    replace: "else if (loserCount > 0 && registers.losers.delete(concatBytes(keyHash, id))) continue;",
    about: "a key stays in conflict when its losers are gone",
  },
  {
    name: "grave-not-dug",
    file: REGISTERS,
    find: "else addToGrave(registers.graves, concatBytes(keyHash, id), 1);",
    replace: "",
    about: "a write that was named before it came is a head all the same",
  },
  {
    name: "grave-not-counted",
    file: REGISTERS,
    find: "else graves.put(at, encodeCount(count));",
    replace: "else graves.put(at, encodeCount(1));",
    about: "a grave forgets how often its id was named",
    escapes: "nobody names an id in two writes before it comes",
  },
  {
    name: "resolve-keeps-losers",
    file: COMMANDS,
    find: "return submit(context, [replace(key, heads, kept)]);",
    replace: "return submit(context, [replace(key, heads.slice(0, 1), kept)]);",
    about: "resolving a conflict supersedes the winner only",
  },
  {
    name: "delete-keeps-losers",
    file: COMMANDS,
    find: "hasValue(heads) ? [replace(key, heads, undefined)] : []",
    replace: "hasValue(heads) ? [replace(key, heads.slice(0, 1), undefined)] : []",
    about: "removing a key leaves what was in conflict with its value",
  },
  {
    name: "batch-in-parts",
    file: COMMANDS,
    find: "return submit(context, writes);\n}\n\nexport function resolve",
    replace:
      "for (const write of writes.slice(1)) void submit(context, [write]).catch(() => undefined);\n  return submit(context, writes.slice(0, 1));\n}\n\nexport function resolve",
    about: "a batch is written as one intention for each key",
    escapes: "nothing holds what a batch wrote to one intention",
  },
  {
    name: "batch-first-write-wins",
    file: KV_OP,
    find: "new Map(writes.map((write) => [bytesKey(write.key), write]))",
    replace: "new Map(writes.toReversed().map((write) => [bytesKey(write.key), write]))",
    about: "of several writes of one key in one batch the first counts",
    escapes: "no batch names a key twice",
  },
  {
    name: "conflict-invisible",
    file: KV_OP,
    find: "if (isConflicted(before) !== isConflicted(after)) return true;",
    replace: "",
    about: "a watcher is not told that a key has got into conflict or out of it",
  },
  {
    name: "watch-keeps-after-gap",
    file: WATCH,
    find: "yield eventOf(WatchEvent_Kind.GAP);",
    replace: "",
    about: "a watcher that missed something is not told to forget what it knew",
  },
  {
    name: "watch-token-early",
    file: WATCH,
    find: "const token = index === news.length - 1 ? position : this.#token;",
    replace: "const token = position;",
    about: "a watcher is given the token of a change before it has all of it",
    escapes: "no client is cut off in the middle of a change of several keys",
  },
  {
    name: "entries-without-time",
    file: ENTRIES,
    find: "return concatBytes(u64be(op.timestamp), op.author, u64be(op.seq));",
    replace: "return concatBytes(u64be((op.timestamp >> 28n) << 28n), op.author, u64be(op.seq));",
    about: "the order of a log sees time in steps of four seconds",
  },
  {
    name: "forked-entry-by-arrival",
    file: ENTRIES,
    find: "compareBytes(entry.hash, present.hash) < 0 ? [entry, present] : [present, entry]",
    replace: "compareBytes(entry.hash, present.hash) === 0 ? [entry, present] : [present, entry]",
    about: "of two entries in one place the first that came has it",
    seedsMax: 200,
  },
  {
    name: "follow-skips-gap",
    file: FOLLOW,
    find: 'if (change.kind === "gap") yield* follower.catchUp(follower.token);',
    replace: 'if (change.kind === "gap") continue;',
    about: "a follower that missed something is not told what",
    escapes: "as stream-misses-gap; and no client lags by a thousand changes",
  },
  {
    name: "digest-keeps-old-rows",
    file: DIGEST,
    find: "if (before !== undefined) this.#sum.remove(rowHash(key, before));",
    replace: "",
    about: "the digest of a table still counts what was written over",
  },
  {
    name: "stream-misses-released",
    file: STORE,
    find: "this.#noteOutcome(\n        options.rolesChanged ? this.#replica.rolesChanged() : this.#replica.reconsiderFloating(),\n      ),",
    replace: "options.rolesChanged ? this.#replica.rolesChanged() : this.#replica.reconsiderFloating(),",
    about: "clients are not told of what was released from floating",
  },
  {
    name: "stream-misses-gap",
    file: STORE,
    find: 'this.#changes.publish({ kind: "gap", position: this.#position() });',
    replace: "",
    about: "clients are not told of what a failed flush took back",
    escapes: "no client begins to listen while something is on its way to a disk that refuses it",
  },
  {
    name: "foreign-token-taken",
    file: STORE,
    find: "return isOurs ? this.#opsFrom(wseq + 1) : undefined;",
    replace: "return isOurs || wseq > 0 ? this.#opsFrom(wseq + 1) : undefined;",
    about: "a client's token of another copy of the log is taken for one of this",
  },
  {
    name: "members-by-arrival",
    file: SYSTEM,
    find: 'return !isEmpty(read.table("system-ops").range({ gt: id, limit: 1 }));',
    replace: 'return id.length === 0 && !isEmpty(read.table("system-ops").range({ gt: id, limit: 1 }));',
    about: "system ops count in the order in which they come",
    seedsMax: 400,
  },
  {
    name: "late-op-not-folded",
    file: SYSTEM,
    find: 'ops.put(id, weaver.OpRow.toBinary({ author, op, void: "" }));\n  refold(tx, roles);',
    replace: 'ops.put(id, weaver.OpRow.toBinary({ author, op, void: "" }));',
    about: "a system op that comes behind its place counts for nothing",
  },
  {
    name: "admit-lowers-role",
    file: SYSTEM,
    find: 'if (before >= admit.role) return "already a member";',
    replace: "",
    about: "who is admitted again gets the role of the last time",
    escapes: "nothing asks whether a role has fallen; it falls everywhere alike",
  },
];
