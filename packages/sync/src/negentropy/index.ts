export type { Bound } from "./bound.ts";
export { Initiator, type InitiatorOptions, type Reconciled } from "./initiator.ts";
export type { ItemSource } from "./item-source.ts";
export { FRAME_BYTES_MIN, HAVE_COUNT_MAX, MESSAGE_BYTES_MAX, RANGES_MAX } from "./limits.ts";
export type { MalformedMessage } from "./malformed.ts";
export { respond, type ReconcileOptions } from "./responder.ts";
export { SortedItems } from "./sorted-items.ts";
