/**
 * What is remembered of a session: its last request and what became of it, as MessagePack.
 *
 *   row  [order, seq, fingerprint, outcome, revision or code, response or text]
 */
import { EtcdError } from "@lattice/etcd-proto";
import { PackReader, PackWriter } from "@lattice/raft";

export interface SessionRow {
  /** When it was used last, as a count of all uses. */
  readonly order: number;
  readonly seq: number;
  /** Tells whether a request is the same one. */
  readonly fingerprint: Uint8Array;
  readonly outcome: RecordedOutcome;
}

export type RecordedOutcome =
  | { readonly kind: "done"; readonly revision: number; readonly response: Uint8Array }
  /** It was done, but the answer was too large. */
  | { readonly kind: "forgotten"; readonly revision: number }
  | { readonly kind: "refused"; readonly error: EtcdError };

const DONE = 0;
const FORGOTTEN = 1;
const REFUSED = 2;

const NO_BYTES = new Uint8Array(0);

const writer = new PackWriter();

export function encodeSessionRow({ order, seq, fingerprint, outcome }: SessionRow): Uint8Array {
  writer.clear();
  writer.uint(order);
  writer.uint(seq);
  writer.bin(fingerprint);
  writeOutcome(outcome);
  return new Uint8Array(writer.written);
}

/** Throws `corrupt`. */
export function decodeSessionRow(bytes: Uint8Array): SessionRow {
  const reader = new PackReader(bytes);
  const row = {
    order: reader.uint(),
    seq: reader.uint(),
    fingerprint: reader.bin(),
    outcome: readOutcome(reader),
  };
  reader.end();
  return row;
}

function writeOutcome(outcome: RecordedOutcome): void {
  switch (outcome.kind) {
    case "done":
      writer.uint(DONE);
      writer.uint(outcome.revision);
      writer.bin(outcome.response);
      return;
    case "forgotten":
      writer.uint(FORGOTTEN);
      writer.uint(outcome.revision);
      writer.bin(NO_BYTES);
      return;
    case "refused":
      writer.uint(REFUSED);
      writer.uint(outcome.error.code);
      writer.bin(Buffer.from(outcome.error.message, "utf8"));
  }
}

function readOutcome(reader: PackReader): RecordedOutcome {
  const kind = reader.uint();
  const number = reader.uint();
  const bytes = reader.bin();
  if (kind === DONE) return { kind: "done", revision: number, response: bytes };
  if (kind === FORGOTTEN) return { kind: "forgotten", revision: number };
  return { kind: "refused", error: new EtcdError(number, Buffer.from(bytes).toString("utf8")) };
}
