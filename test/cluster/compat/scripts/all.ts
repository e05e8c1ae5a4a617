import type { Script } from "../script.ts";
import { auth } from "./auth.ts";
import { keyValues } from "./key-values.ts";
import { leases } from "./leases.ts";
import { locks } from "./locks.ts";
import { maintenance } from "./maintenance.ts";
import { members } from "./members.ts";
import { mirror } from "./mirror.ts";
import { performance } from "./performance.ts";
import { npmEtcd3, pythonEtcd3 } from "./programs.ts";
import { transactions } from "./transactions.ts";
import { watches } from "./watches.ts";

export const scripts: readonly Script[] = [
  { name: "key-values", run: keyValues },
  { name: "transactions", run: transactions },
  { name: "watches", run: watches },
  { name: "leases", run: leases },
  { name: "maintenance", run: maintenance },
  { name: "members", run: members },
  { name: "locks", run: locks },
  { name: "auth", run: auth },
  { name: "mirror", run: mirror },
  { name: "performance", run: performance },
  { name: "npm-etcd3", run: npmEtcd3 },
  { name: "python-etcd3", run: pythonEtcd3 },
];
