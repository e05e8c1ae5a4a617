/** The other process of the first sync: `serve-history.ts DIRECTORY COUNT`, spoken to over the fork's channel. */
import { openRuntime } from "@lattice/runtime";
import { writeHistory } from "./authors.ts";
import { readNetworkBytes } from "./network-bytes.ts";

const [directory, count] = process.argv.slice(2);
const runtime = await openRuntime({
  dataDirectory: directory!,
  listen: [{ host: "127.0.0.1" }],
  serve: false,
});
const { store } = await runtime.node.createStore({ name: "history", type: "", parent: undefined });
await writeHistory(store!, { authorCount: 4, count: Number(count) });
const before = readNetworkBytes();
const { token } = await runtime.client.store.invite({ store: "history" });
process.send!({ token });
process.on("message", (message) => {
  if (message === "bytes") process.send!({ bytes: readNetworkBytes() - before });
  if (message === "stop") void runtime.close().then(() => process.disconnect());
});
