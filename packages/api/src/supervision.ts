/** What any gRPC server tells those who supervise and explore it; by itself, since a server that has only this loads fast. */
export { Health } from "./health.ts";
export { Reflection } from "./reflection.ts";
