/** The headers of a request, checked (RFC 9113 §8.2, §8.3.1), and what a call wants to know of them. */
import type { Metadata } from "../call.ts";
import type { HeaderField } from "../hpack/header-field.ts";
import type { RequestHead } from "../request-head.ts";

export class RequestFields implements Metadata, RequestHead {
  httpMethod: string | undefined;
  path: string | undefined;
  contentType: string | undefined;
  timeout: string | undefined;
  encoding: string | undefined;
  /** Of all DATA together, where the client promises it. */
  contentBytes: number | undefined;
  #scheme: string | undefined;
  #authority: string | undefined;
  readonly #fields: readonly HeaderField[];

  private constructor(fields: readonly HeaderField[]) {
    this.#fields = fields;
  }

  /** Undefined where this is no request (§8.1.1, "malformed"). */
  static from(fields: readonly HeaderField[]): RequestFields | undefined {
    const request = new RequestFields(fields);
    return request.#read() ? request : undefined;
  }

  /** In place of those that are too many. */
  static none(): RequestFields {
    return new RequestFields([]);
  }

  get(name: string): string | undefined {
    for (const field of this.#fields) if (field.name === name) return field.value;
    return undefined;
  }

  #read(): boolean {
    let isAmongPseudo = true;
    for (const field of this.#fields) {
      if (!field.isWellFormed) return false;
      if (field.name.charCodeAt(0) !== COLON) {
        isAmongPseudo = false;
        if (!this.#readRegular(field)) return false;
      } else if (!isAmongPseudo || !this.#readPseudo(field)) return false;
    }
    if (this.httpMethod === "CONNECT") return this.#scheme === undefined && this.path === undefined;
    return (
      this.httpMethod !== undefined &&
      this.#scheme !== undefined &&
      this.path !== undefined &&
      this.path !== ""
    );
  }

  /** Each once at the most, and no others. */
  #readPseudo({ name, value }: HeaderField): boolean {
    switch (name) {
      case ":method":
        if (this.httpMethod !== undefined) return false;
        this.httpMethod = value;
        return true;
      case ":path":
        if (this.path !== undefined) return false;
        this.path = value;
        return true;
      case ":scheme":
        if (this.#scheme !== undefined) return false;
        this.#scheme = value;
        return true;
      case ":authority":
        if (this.#authority !== undefined) return false;
        this.#authority = value;
        return true;
      default:
        return false;
    }
  }

  /** Of several with one name, the first counts. */
  #readRegular({ name, value }: HeaderField): boolean {
    switch (name) {
      case "content-type":
        this.contentType ??= value;
        return true;
      case "grpc-timeout":
        this.timeout ??= value;
        return true;
      case "grpc-encoding":
        this.encoding ??= value;
        return true;
      case "content-length":
        if (!/^[0-9]{1,15}$/u.test(value)) return false;
        if (this.contentBytes !== undefined && this.contentBytes !== Number(value)) return false;
        this.contentBytes = Number(value);
        return true;
      default:
        return true;
    }
  }
}

const COLON = 0x3a;

/** Behind the request's end: no pseudo-headers (§8.1). */
export function areTrailers(fields: readonly HeaderField[]): boolean {
  return fields.every(({ name, isWellFormed }) => isWellFormed && name.charCodeAt(0) !== COLON);
}
