/** core:logstore as a value: what the node, the API and the command line know of it. */
import { defineStore } from "@lattice/store";
import { applyAppend, ENTRIES } from "./entries.ts";
import { follow } from "./follow.ts";
import { LogStoreClient } from "./gen/lattice/logstore/v1/logstore.client.ts";
import { LogOp } from "./gen/lattice/logstore/v1/logstore.ts";
import { append, count, read } from "./read-entries.ts";

export const logstore = defineStore({
  type: "core:logstore",
  schema: 1,
  service: LogStoreClient,
  payload: LogOp,
  tables: [ENTRIES],
  apply: applyAppend,
  commands: { append },
  queries: { read, count },
  streams: { follow },
});
