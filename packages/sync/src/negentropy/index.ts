export type { Bound } from "./bound.ts";
export { Initiator } from "./initiator.ts";
export type { ItemSource } from "./item-source.ts";
export { FRAME_BYTES_MIN, MESSAGE_BYTES_MAX, RANGES_MAX } from "./limits.ts";
export { respond } from "./responder.ts";
export { SortedItems } from "./sorted-items.ts";
