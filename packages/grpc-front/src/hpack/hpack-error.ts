/** What came is no header block. The other side's table is not ours any more, so the connection is at its end. */
export class HpackError extends Error {
  override readonly name = "HpackError";
}
