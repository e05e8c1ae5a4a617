/** A guest book: `node main.js FOLDER NAME` signs it, and prints who has signed. */
import { openStore } from "@lattice/kernel";
import { kvstore } from "@lattice/kvstore";

const [directory = "guest-book", name = "somebody"] = process.argv.slice(2);
const toBytes = (text: string) => new TextEncoder().encode(text);
const toText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

await using store = await openStore({ directory, type: kvstore });
await store.methods.put({ key: toBytes(name), value: toBytes(new Date().toISOString()) });

const { entries } = await store.methods.list({});
for (const { key, value } of entries) console.log(`${toText(key)} signed at ${toText(value)}`);

const { writes } = await store.methods.history({ key: toBytes(name) });
console.log(`${name} has signed ${writes.length} times`);
