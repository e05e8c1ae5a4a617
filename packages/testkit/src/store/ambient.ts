/**
 * What must not reach `apply`: the machine's time and randomness, its language and its event loop. While a body runs, all
 * of it is replaced by traps.
 */
import nodeCrypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

interface Ambient {
  /** As a person would write the call. */
  readonly name: string;
  readonly on: object;
  readonly key: string;
}

const AMBIENT: readonly Ambient[] = [
  ...["getRandomValues", "randomUUID"].map((key) => named("crypto", globalThis.crypto, key)),
  ...["randomBytes", "randomInt", "randomUUID", "randomFillSync"].map((key) =>
    named("node:crypto", nodeCrypto, key),
  ),
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "fetch"].map((key) => ({
    name: key,
    on: globalThis,
    key,
  })),
  ...["hrtime", "cwd", "memoryUsage"].map((key) => named("process", process, key)),
  ...["localeCompare", "toLocaleLowerCase", "toLocaleUpperCase"].map((key) =>
    named("String.prototype", String.prototype, key),
  ),
  named("Number.prototype", Number.prototype, "toLocaleString"),
  named("Math", Math, "random"),
  named("performance", performance, "now"),
  named("Date", Date, "now"),
];

function named(owner: string, on: object, key: string): Ambient {
  return { name: `${owner}.${key}`, on, key };
}

/**
 * Runs `body`, which must be synchronous, and gives the names of what it took from the machine, also where it caught what
 * the trap threw. What `body` throws is thrown on, unless it fell into a trap.
 */
export function ambientUseIn(body: () => void): readonly string[] {
  const used = new Set<string>();
  const restore = setTraps((name) => {
    used.add(name);
    throw new Error(`${name} is not for \`apply\``);
  });
  try {
    body();
  } catch (error) {
    if (used.size === 0) throw error;
  } finally {
    restore();
  }
  return [...used];
}

function setTraps(trap: (name: string) => never): () => void {
  const undo = AMBIENT.map(({ name, on, key }) => replace(on, key, () => trap(name)));
  undo.push(replace(globalThis, "Date", trappedDate(trap)));
  // What was imported by name from node:crypto follows the module's object only when told to.
  syncBuiltinESMExports();
  return () => {
    for (const step of undo.toReversed()) step();
    syncBuiltinESMExports();
  };
}

/** A date made from a number is a calculation; one made from nothing is the time of day. */
function trappedDate(trap: (name: string) => never): unknown {
  return new Proxy(Date, {
    construct(target, given) {
      if (given.length === 0) trap("new Date()");
      return Reflect.construct(target, given) as object;
    },
    apply: () => trap("Date()"),
  });
}

function replace(on: object, key: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(on, key);
  Object.defineProperty(on, key, { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(on, key);
    else Object.defineProperty(on, key, before);
  };
}
