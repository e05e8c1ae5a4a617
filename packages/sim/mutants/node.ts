/** Stores, members and connections of a node (weaver.md §6, §7). */
import type { Mutant } from "./mutant.ts";

const NODE = "packages/node/src/node.ts";
const CONNECTOR = "packages/node/src/connector.ts";

export const nodeMutants: readonly Mutant[] = [
  {
    name: "redial-given-up",
    file: CONNECTOR,
    find: "if (link.session !== undefined || link.dialing !== undefined) return;",
    replace: "if (link.session !== undefined || link.dialing !== undefined || link.failures > 6) return;",
    about: "a peer that could not be reached seven times is not tried again",
  },
  {
    name: "pause-never-shorter",
    file: CONNECTOR,
    find: "if (session.isLive && this.#options.clock.now() - link.startedMs >= STEADY_MS) link.failures = 0;",
    replace: "",
    about: "the pause before the next attempt never gets shorter again",
  },
  {
    name: "pause-outlives-clock",
    file: CONNECTOR,
    find: "return waitMs <= Math.max(REDIAL_MS_MAX, FAULT_PAUSE_MS) ? waitMs : 0;",
    replace: "return waitMs;",
    about: "a clock that was set back makes a pause as long as that",
  },
  {
    name: "dead-session-kept",
    file: CONNECTOR,
    find: "if (Math.abs(this.#options.clock.now() - link.startedMs) > SIMULTANEOUS_MS) return true;",
    replace: "",
    about: "a session that is dead on the other side stands in the way of a new one",
  },
  {
    name: "both-sessions-closed",
    file: CONNECTOR,
    find: "return channel.outbound === weAreSmaller;",
    replace: "return channel.outbound !== weAreSmaller && !channel.outbound;",
    about: "of two sessions that came about at once each side closes another",
  },
  {
    name: "end-not-noticed",
    file: CONNECTOR,
    find: "if (link.session === session) this.#noteEnd(link, session, end);",
    replace: 'if (link.session === session && end.kind !== "closed") this.#noteEnd(link, session, end);',
    about: "a session that was cut counts as one that stands",
  },
  {
    name: "stranger-admitted",
    file: CONNECTOR,
    find: "if (store === undefined || !isPeer || this.#isClosed) return false;",
    replace: "if (store === undefined || this.#isClosed) return false;",
    about: "a session with a stranger is taken up",
  },
  {
    name: "book-of-others-ignored",
    file: NODE,
    find: "if (equalBytes(peer, teller) || this.#inventory.addresses(peer as PubKey).length === 0) {",
    replace: "if (equalBytes(peer, teller)) {",
    about: "where others are is not learnt from a peer",
  },
  {
    name: "child-not-begun",
    file: NODE,
    find: "await this.#rememberMembers(store);\n    await this.#adoptChildren(store);",
    replace: "await this.#rememberMembers(store);",
    about: "a child is begun at the next start only",
  },
  {
    name: "child-not-told",
    file: NODE,
    find: "if (child !== store && this.#rootOf(child) === store) await child.reconsider({ rolesChanged: true });",
    replace: "",
    about: "a child is not told that its root's members have changed",
  },
  {
    name: "child-of-nobody",
    file: NODE,
    find: "roleNow: (author) => this.#rootSystem(row)?.roleNow(author) ?? Role.UNSPECIFIED,",
    replace: "roleNow: (author) => this.#rootSystem(row)?.roleNow(author) ?? Role.WRITER,",
    about: "where a child's root is not open everybody may write",
  },
  {
    name: "inventory-before-store",
    file: NODE,
    find: "await this.#open(row, genesis);\n    const entry",
    replace: "await this.#inventory.putStore(row);\n    await this.#open(row, genesis);\n    const entry",
    about: "the inventory names a store before it is there",
  },
  {
    name: "inventory-not-flushed",
    file: "packages/node/src/inventory.ts",
    find: 'this.#put("stores", row.id, encodeStoreRow(row));\n    await this.#storage.flush();',
    replace: 'this.#put("stores", row.id, encodeStoreRow(row));',
    about: "the inventory is not waited for",
  },
  {
    name: "reopening-forgotten",
    file: NODE,
    find: "if (retry) this.#toReopen.set(key, row);",
    replace: "",
    about: "a store that could not be opened for want of room stays closed",
  },
  {
    name: "early-floats-forgotten",
    file: NODE,
    find: "if (store.replica.floating.count > 0) void store.reconsider().catch(() => undefined);",
    replace: "",
    about: "nobody looks whether the time of what floats has come",
  },
];
