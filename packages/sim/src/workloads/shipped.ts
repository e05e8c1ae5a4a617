import { kvWorkload } from "./kv-workload.ts";
import { logWorkload } from "./log-workload.ts";
import type { Workload } from "./workload.ts";

/** Of the store types that ship. */
export const shippedWorkloads: readonly Workload[] = [kvWorkload, logWorkload];
