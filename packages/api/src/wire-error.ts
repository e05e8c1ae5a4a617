/**
 * A `LatticeError` as gRPC carries it: a status, a text, and two entries of trailing metadata that say what the status
 * cannot. Metadata must be ASCII, so the details are JSON with everything else escaped.
 */
import { isErrorCode, LatticeError, type ErrorCode } from "@lattice/model/errors";
import { oneLine } from "./call-error.ts";
import { ERROR_DETAILS_BYTES_MAX } from "./limits.ts";
import { GRPC_STATUS_OF_CODE } from "./status.ts";

const CODE_KEY = "lattice-code";
const DETAILS_KEY = "lattice-details";

export interface WireError {
  readonly status: number;
  readonly text: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export function encodeError(error: LatticeError): WireError {
  const details = asciiJson(error.details);
  return {
    status: GRPC_STATUS_OF_CODE[error.code],
    text: oneLine(error.message),
    metadata: {
      [CODE_KEY]: error.code,
      ...(details !== "{}" && details.length <= ERROR_DETAILS_BYTES_MAX ? { [DETAILS_KEY]: details } : {}),
    },
  };
}

/** Takes whatever the other side sent; undefined where it is no error of this project. */
export function decodeError(
  text: string,
  metadata: (key: string) => string | undefined,
): LatticeError | undefined {
  const code = metadata(CODE_KEY);
  if (code === undefined) return undefined;
  // A newer node may have a code that this one does not know.
  const known: ErrorCode = isErrorCode(code) ? code : "internal";
  return new LatticeError(known, oneLine(text), { details: decodeDetails(metadata(DETAILS_KEY)) });
}

function asciiJson(details: Readonly<Record<string, string>>): string {
  return JSON.stringify(details).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function decodeDetails(json: string | undefined): Record<string, string> {
  if (json === undefined) return {};
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === "string")) as Record<
      string,
      string
    >;
  } catch {
    return {};
  }
}
