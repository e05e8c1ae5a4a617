/** Stores, members and connections of a node (weaver.md §6, §7). */
import type { Mutant } from "./mutant.ts";

const NODE = "packages/node/src/node.ts";
const STORES = "packages/node/src/stores.ts";
const MEMBERSHIP = "packages/node/src/membership.ts";
const CONNECTOR = "packages/node/src/connector.ts";

export const nodeMutants: readonly Mutant[] = [
  {
    name: "redial-given-up",
    file: CONNECTOR,
    find: "if (this.#waitMs(link) > 0) return;",
    replace:
      "if (link.failures > 6) link.notBeforeMs = this.#options.clock.now() + REDIAL_MS_MAX;\n    if (this.#waitMs(link) > 0) return;",
    about: "a peer that could not be reached seven times is not tried again",
    seedsMax: 200,
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
    escapes: "nothing asks what a stranger is told",
  },
  {
    name: "book-of-others-ignored",
    file: MEMBERSHIP,
    find: "if (equalBytes(peer, teller) || this.#inventory.addresses(peer as PubKey).length === 0)",
    replace: "if (equalBytes(peer, teller))",
    about: "where others are is not learnt from a peer",
    escapes: "hardly ever does the one leave by whom two others know each other",
  },
  {
    name: "child-not-begun",
    file: NODE,
    find: "await this.#membership.remember(store);\n    await this.#stores.adoptChildren(store);",
    replace: "await this.#membership.remember(store);",
    about: "a child is begun at the next start only",
  },
  {
    name: "child-not-told",
    file: NODE,
    find: "await this.#stores.reconsiderBelow(store);",
    replace: "",
    about: "a child is not told that its root's members have changed",
    escapes: "no child has system ops of its own",
  },
  {
    name: "inventory-before-store",
    file: STORES,
    find: "await this.#open(row, genesis);\n    const entry",
    replace: "await this.#inventory.putStore(row);\n    await this.#open(row, genesis);\n    const entry",
    about: "the inventory names a store before it is there",
    escapes: "no crash is aimed at the moment at which a store is begun",
  },
  {
    name: "reopening-forgotten",
    file: STORES,
    find: "if (retry) this.#toReopen.set(key, row);",
    replace: "",
    about: "a store that could not be opened for want of room stays closed",
    seedsMax: 200,
  },
  {
    name: "early-floats-forgotten",
    file: NODE,
    find: "if (store.replica.floating.count > 0) void store.reconsider().catch(() => undefined);",
    replace: "",
    about: "nobody looks whether the time of what floats has come",
  },
];
