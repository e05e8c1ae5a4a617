/** What a check throws: in which way a store type does not hold to its contract, in words. */
export class ContractViolation extends Error {
  override readonly name = "ContractViolation";
}

/** Whatever was thrown, as one line. */
export function errorInWords(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : `something that is no error: ${String(error)}`;
}
