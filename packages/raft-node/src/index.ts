export type * from "./state-machine.ts";
