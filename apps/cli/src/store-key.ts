/** How a store is named: to the node in full, to a person by the first digits. */

interface Identified {
  readonly id: Uint8Array;
}

/** The usual form of a store's id, 8-4-4-4-12 hex digits. */
export function storeKey({ id }: Identified): string {
  const hex = storeHex({ id });
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function storeHex({ id }: Identified): string {
  return Buffer.from(id).toString("hex");
}
