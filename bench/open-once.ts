/** `open-once.ts DIRECTORY`: opens the store and prints how long that took, in ms, and what is resident, in bytes. */
import { openStore } from "@lattice/kernel";
import { kvstore } from "@lattice/kvstore";

const start = performance.now();
const store = await openStore({ directory: process.argv[2]!, type: kvstore });
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, rss: process.memoryUsage.rss() }));
await store.close();
