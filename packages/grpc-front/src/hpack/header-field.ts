/** A header: Latin-1 strings, a character a byte. Fields of the tables are shared by all requests that name them. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** Whether it may stand in a request (RFC 9113 §8.2), said once and not each time that it is named. */
  readonly isWellFormed: boolean;
}

/** What each field costs on top of its bytes, in a table and in a list (RFC 7541 §4.1, RFC 9113 §6.5.2). */
const FIELD_OVERHEAD_BYTES = 32;

export function fieldBytes({ name, value }: HeaderField): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES;
}

export function headerField(name: string, value: string): HeaderField {
  return { name, value, isWellFormed: isWellFormed(name, value) };
}

/** Printable ASCII but for capitals, and a colon only in front (§8.2.1). */
const NAME = /^:?[!-9;-@[-~]+$/u;
/** No control characters that others read as the end of the field, and no blanks around it (§8.2.1). */
const VALUE = /^(?:[^\0\r\n\t ](?:[^\0\r\n]*[^\0\r\n\t ])?)?$/u;

function isWellFormed(name: string, value: string): boolean {
  return (
    NAME.test(name) &&
    VALUE.test(value) &&
    !OF_A_CONNECTION.has(name) &&
    (name !== "te" || value === "trailers")
  );
}

/** Of HTTP/1.1, where headers spoke about the connection (§8.2.2). */
const OF_A_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);
