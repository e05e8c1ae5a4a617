/**
 * Follows one key: `node main.js DATA KEY` at the node that runs on DATA, `node main.js DATA KEY --here` at a node in this
 * process. What differs is one line.
 */
import { connect, methodsOfStore, type LatticeClient } from "@lattice/api";
import { kvstoreV1, KvStoreClient } from "@lattice/kvstore";
import { openRuntime, socketPath } from "@lattice/runtime";

const [dataDirectory = "data", key = "color", where] = process.argv.slice(2);
const leaving = new AbortController();
process.once("SIGINT", () => leaving.abort());

async function follow(client: LatticeClient): Promise<void> {
  const { stores } = await client.store.list({});
  const { id } = stores[0] ?? (await client.store.create({ name: "watched" }));
  const store = methodsOfStore(client, { store: Buffer.from(id).toString("hex"), service: KvStoreClient });
  const { signal } = leaving;
  for await (const { kind, value, conflicted } of store.watch({ key: Buffer.from(key) }, { signal })) {
    const text = Buffer.from(value).toString();
    if (kind === kvstoreV1.WatchEvent_Kind.PUT)
      console.log(`${key} is ${text}${conflicted ? ", and more" : ""}`);
    if (kind === kvstoreV1.WatchEvent_Kind.DELETE) console.log(`${key} is gone`);
    if (kind === kvstoreV1.WatchEvent_Kind.READY) console.log("watching");
  }
}

if (where === "--here") {
  await using node = await openRuntime({ dataDirectory, listen: [{ host: "127.0.0.1" }] });
  await follow(node.client).catch(rethrowUnlessLeft);
} else {
  await using client = await connect(socketPath(dataDirectory));
  await follow(client).catch(rethrowUnlessLeft);
}

function rethrowUnlessLeft(error: unknown): void {
  if (!leaving.signal.aborted) throw error;
}
