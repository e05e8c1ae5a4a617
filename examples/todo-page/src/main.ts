/**
 * A node whose page is the todo list: `node main.js DATA [PORT [INVITE]]`. With an invite it shares the list of whoever has made it.
 * `lattice --data DATA` speaks to the same node.
 */
import { once } from "node:events";
import { join } from "node:path";
import { openRuntime } from "@lattice/runtime";

const [dataDirectory = "data", port = "0", invite] = process.argv.slice(2);

await using node = await openRuntime({
  dataDirectory,
  // For peers on this machine; without it, on any.
  listen: [{ host: "127.0.0.1" }],
  web: { port: Number(port), pageDirectory: join(import.meta.dirname, "page") },
});
const { stores } = await node.client.store.list({});
if (!stores.some(({ name }) => name === "todo")) {
  if (invite === undefined) await node.client.store.create({ name: "todo" });
  else
    for await (const { stage } of node.client.node.join({ token: invite })) console.log(`joining: ${stage}`);
}
console.log(node.web!.link());
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
