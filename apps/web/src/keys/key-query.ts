import { keys } from "../data/queries.ts";
import { toHex } from "../text/hex.ts";

/** All that is shown of a key is read anew when this key of a query changes. */
export function keyQuery(id: string, key: Uint8Array): readonly unknown[] {
  return [...keys.store(id), "key", toHex(key)];
}
