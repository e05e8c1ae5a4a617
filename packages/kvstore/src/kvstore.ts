/** core:kvstore as a value: what the node, the API and the command line know of it. */
import { registerTables } from "@lattice/kvtable";
import { defineStore } from "@lattice/store";
import { batch, put, remove, resolve } from "./commands.ts";
import { KvStoreClient } from "./gen/lattice/kvstore/v1/kvstore.client.ts";
import { KvOp } from "./gen/lattice/kvstore/v1/kvstore.ts";
import { explain } from "./explain.ts";
import { history } from "./history.ts";
import { applyOp, KEYS } from "./kv-op.ts";
import { count, get, inspect, list } from "./queries.ts";
import { watch } from "./watch.ts";

export const kvstore = defineStore({
  type: "core:kvstore",
  schema: 1,
  service: KvStoreClient,
  payload: KvOp,
  tables: registerTables(KEYS),
  apply: applyOp,
  commands: { put, delete: remove, batch, resolve },
  queries: { get, list, count, inspect, history },
  streams: { watch },
  explain,
});
