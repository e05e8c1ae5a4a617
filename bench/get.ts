/** Reads by key, in the process that holds the store. */
import { openStore } from "@lattice/kernel";
import { kvstore } from "@lattice/kvstore";
import { utf8 } from "@lattice/model";
import { median, perSecond, rate, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

const KEYS = 100_000;
const ROUNDS = 5;

export function benchGet(): Promise<void> {
  return withScratch(async (directory) => {
    const store = await openStore({ directory, type: kvstore });
    const keys = Array.from({ length: KEYS }, (_, index) => utf8(`key/${index}`));
    const value = new Uint8Array(100).fill(7);
    for (let at = 0; at < KEYS; at += 1000) {
      await Promise.all(keys.slice(at, at + 1000).map((key) => store.methods.put({ key, value })));
    }
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      for (let count = 0; count < KEYS; count++) {
        const { value: found } = await store.methods.get({ key: keys[(count * 7919) % KEYS]! });
        if (found?.length !== value.length) throw new Error("a key is missing");
      }
      rounds.push(perSecond(KEYS, performance.now() - start));
    }
    await store.close();
    report(`get by key, ${KEYS.toLocaleString("en")} keys, random`, rate(median(rounds)), "≥ 200,000/s");
  });
}
