export type { NodeEvent, NodeEventKind } from "./events.ts";
export type { NodeFigures, OpenStoreFigures, PeerFigures, StoreFigures } from "./figures.ts";
export { Inventory, INVENTORY_TABLES, type StoreRow } from "./inventory.ts";
export { conditionOf, type InviteCondition, type MadeInvite, type NewInvite } from "./invites.ts";
export type { JoinStep } from "./joining.ts";
export { Node, type NodeOptions } from "./node.ts";
export type { PeerSync, PeerVerdict } from "./peer-sync.ts";
export { placesIn } from "./places.ts";
export type { Entry } from "./stores.ts";
