import { join } from "node:path";
import { formatStoreId, type Random, type StoreId } from "@lattice/model";
import { directoryPlace, type DirectoryPlaceOptions, type StorePlace } from "@lattice/kernel";

/** A node's stores in directories of their own, below the node's. */
export function placesIn(
  directory: string,
  random: Random,
  options: DirectoryPlaceOptions = {},
): (id: StoreId) => StorePlace {
  return (id) => directoryPlace(join(directory, "stores", formatStoreId(id)), random, options);
}
