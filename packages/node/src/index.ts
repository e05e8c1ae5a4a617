export type { NodeEvent, NodeEventKind } from "./events.ts";
export type { NodeFigures, OpenStoreFigures, PeerFigures, StoreFigures } from "./figures.ts";
export { Inventory, INVENTORY_TABLES, type StoreRow } from "./inventory.ts";
export { conditionOf, type InviteCondition, type MadeInvite, type NewInvite } from "./invites.ts";
export {
  Node,
  type Entry,
  type JoinStep,
  type NodeOptions,
  type PeerSync,
  type PeerVerdict,
} from "./node.ts";
export { placesIn } from "./places.ts";
