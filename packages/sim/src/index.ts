export { explain, findViolation, type FindOptions, type Found } from "./find-violation.ts";
export { makePlan, type PlanOptions } from "./plan/make-plan.ts";
export type { Action, Plan } from "./plan/action.ts";
export { simulate, type Outcome, type SimulateOptions } from "./simulate.ts";
export { kvWorkload } from "./workloads/kv-workload.ts";
export { logWorkload } from "./workloads/log-workload.ts";
export type { Mirror, Workload } from "./workloads/workload.ts";
export { Violation } from "./violation.ts";
