/**
 * Views of their own for services that the page knows how to show; every store has all others. A store's type tells its
 * service, and the service is what a view is made for, whatever type has it.
 */
import type { StoreTab } from "../routing/route.ts";

const VIEW_OF_SERVICE: ReadonlyMap<string, StoreTab> = new Map([
  ["lattice.kvstore.v1.KvStore", "keys"],
  ["lattice.logstore.v1.LogStore", "log"],
]);

const GENERAL_TABS: readonly StoreTab[] = ["methods", "history", "convergence", "members", "state"];

/** The first is where a store opens. */
export function tabsOf(service: string | undefined): readonly StoreTab[] {
  const own = service === undefined ? undefined : VIEW_OF_SERVICE.get(service);
  return own === undefined ? GENERAL_TABS : [own, ...GENERAL_TABS];
}
