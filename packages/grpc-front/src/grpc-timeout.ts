/** The header `grpc-timeout`: up to eight digits and a unit (gRPC over HTTP/2, "Timeout"). */

const MS_OF_UNIT: Readonly<Record<string, number>> = {
  n: 1e-6,
  u: 1e-3,
  m: 1,
  S: 1_000,
  M: 60_000,
  H: 3_600_000,
};

const TIMEOUT = /^([0-9]{1,8})([numSMH])$/u;

/** In ms; what is wrong with it, in grpc-go's words, as a string. */
export function parseGrpcTimeout(text: string): number | string {
  const match = TIMEOUT.exec(text);
  if (match) return Number(match[1]) * MS_OF_UNIT[match[2]!]!;
  return `malformed grpc-timeout: ${reasonOf(text)}`;
}

function reasonOf(text: string): string {
  const quoted = JSON.stringify(text);
  if (text.length < 2) return `transport: timeout string is too short: ${quoted}`;
  if (text.length > 9) return `transport: timeout string is too long: ${quoted}`;
  if (!(text.at(-1)! in MS_OF_UNIT)) return `transport: timeout unit is not recognized: ${quoted}`;
  return `transport: timeout is no number: ${quoted}`;
}
