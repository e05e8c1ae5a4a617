/** The places of the page, and the paths by which the address bar names them. */

export type StoreTab = "keys" | "log" | "methods" | "history" | "convergence" | "members" | "state";

export const STORE_TABS: readonly StoreTab[] = [
  "keys",
  "log",
  "methods",
  "history",
  "convergence",
  "members",
  "state",
];

export type Route =
  | { readonly page: "overview" }
  | { readonly page: "stores" }
  | { readonly page: "events" }
  | { readonly page: "cluster" }
  | {
      readonly page: "store";
      /** Its id in hex. */
      readonly store: string;
      /** Undefined: whichever suits the store's type best. */
      readonly tab: StoreTab | undefined;
      /** What is looked at there: a key in hex, the hash of an intention, a method. */
      readonly item: string | undefined;
    }
  | { readonly page: "nowhere"; readonly path: string };

export function parseRoute(path: string): Route {
  const [first = "", ...rest] = path.split("/").filter((part) => part !== "");
  const place = rest.length === 0 ? plainRoute(first) : first === "stores" ? storeRoute(rest) : undefined;
  return place ?? { page: "nowhere", path };
}

function plainRoute(name: string): Route | undefined {
  switch (name) {
    case "":
      return { page: "overview" };
    case "stores":
    case "events":
    case "cluster":
      return { page: name };
    default:
      return undefined;
  }
}

function storeRoute([store = "", tab, item, ...more]: readonly string[]): Route | undefined {
  if (!/^[0-9a-f]{2,}$/.test(store) || more.length > 0) return undefined;
  if (tab !== undefined && !isStoreTab(tab)) return undefined;
  try {
    return { page: "store", store, tab, item: item === undefined ? undefined : decodeURIComponent(item) };
  } catch {
    return undefined;
  }
}

function isStoreTab(text: string): text is StoreTab {
  return (STORE_TABS as readonly string[]).includes(text);
}

export function formatRoute(route: Route): string {
  switch (route.page) {
    case "overview":
      return "/";
    case "store": {
      const parts = ["/stores", route.store, route.tab, route.item && encodeURIComponent(route.item)];
      return parts.filter((part) => part !== undefined && part !== "").join("/");
    }
    case "nowhere":
      return route.path;
    default:
      return `/${route.page}`;
  }
}

export function storePath(store: string, tab?: StoreTab, item?: string): string {
  return formatRoute({ page: "store", store, tab, item });
}
