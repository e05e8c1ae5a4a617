import type { Scenario } from "../scenario.ts";
import { batch } from "./batch.ts";
import { create } from "./create.ts";
import { fullDisk } from "./full-disk.ts";
import { joinStore } from "./join.ts";
import { put } from "./put.ts";
import { rebuild } from "./rebuild.ts";
import { sync } from "./sync.ts";

export const scenarios: readonly Scenario[] = [put, batch, sync, rebuild, joinStore, create, fullDisk];
