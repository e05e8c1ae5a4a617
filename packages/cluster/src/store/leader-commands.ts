/** Commands of stores, asked of the member that leads, and what it answers: a reply, or an error with its code. */
import { isErrorCode, LatticeError, utf8, type ErrorCode } from "@lattice/model";
import { PackReader, PackWriter } from "@lattice/raft";
import type { LeaderCalls } from "../member/leader-calls.ts";
import type { StoreHost } from "./store-host.ts";

const METHOD = "cluster.store-command";
const OK = 0;
const FAILED = 1;

/** To be called once, at every member. */
export function serveCommands(leaderCalls: LeaderCalls, host: StoreHost): void {
  leaderCalls.handle(METHOD, async (request) => {
    const { store, method, message } = decodeCommand(request);
    try {
      const instance = host.open(store);
      const { I, O } = instance.method(method).info;
      const reply = await instance.command(method, I.fromBinary(message) as object);
      return encodeAnswer(OK, [O.toBinary(O.create(reply))]);
    } catch (error) {
      // What the cluster refuses goes its own way.
      if (!(error instanceof LatticeError)) throw error;
      const details = utf8(JSON.stringify(error.details));
      return encodeAnswer(FAILED, [utf8(error.code), utf8(error.message), details]);
    }
  });
}

export async function commandAtLeader(
  leaderCalls: LeaderCalls,
  command: { readonly store: string; readonly method: string; readonly message: Uint8Array },
): Promise<Uint8Array> {
  const writer = new PackWriter();
  for (const part of [utf8(command.store), utf8(command.method), command.message]) writer.bin(part);
  const reader = new PackReader(await leaderCalls.call(METHOD, writer.written));
  if (reader.uint() === OK) return reader.bin();
  const [code, message, details] = [text(reader), text(reader), text(reader)];
  const known: ErrorCode = isErrorCode(code) ? code : "internal";
  throw new LatticeError(known, message, { details: JSON.parse(details) as Record<string, string> });
}

function decodeCommand(bytes: Uint8Array) {
  const reader = new PackReader(bytes);
  return { store: text(reader), method: text(reader), message: reader.bin() };
}

function encodeAnswer(kind: number, parts: readonly Uint8Array[]): Uint8Array {
  const writer = new PackWriter();
  writer.uint(kind);
  for (const part of parts) writer.bin(part);
  return writer.written;
}

function text(reader: PackReader): string {
  return Buffer.from(reader.bin()).toString("utf8");
}
