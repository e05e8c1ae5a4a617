/**
 * What goes in a frame once there is a connection: one MessagePack value.
 *
 *   [1, message]                            of Raft
 *   [2, number, method, request]            a call
 *   [3, number, answer]
 *   [4, number, code, text, [[name, fact], …]]   why a call failed
 *   [5]  [6]                                are you there? yes
 *   [7, hello]  [8, welcome]  [9, refusal]
 */
import { isErrorCode, LatticeError } from "@lattice/model";
import { PackReader, type MemberId, type Message, type PackWriter } from "@lattice/raft";
import {
  readHello,
  readRefusal,
  readWelcome,
  writeHello,
  writeRefusal,
  writeWelcome,
  type Hello,
  type RefusalNote,
  type Welcome,
} from "./hello.ts";
import { readMessage, writeMessage } from "./message-codec.ts";

const KIND = {
  message: 1,
  call: 2,
  answer: 3,
  fault: 4,
  ping: 5,
  pong: 6,
  hello: 7,
  welcome: 8,
  refusal: 9,
} as const;

const DETAILS_MAX = 32;

export type Packet =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "call"; readonly number: number; readonly method: string; readonly request: Uint8Array }
  | { readonly kind: "answer"; readonly number: number; readonly answer: Uint8Array }
  | { readonly kind: "fault"; readonly number: number; readonly error: LatticeError }
  | { readonly kind: "ping" }
  | { readonly kind: "pong" }
  | { readonly kind: "hello"; readonly hello: Hello }
  | { readonly kind: "welcome"; readonly welcome: Welcome }
  | { readonly kind: "refusal"; readonly refusal: RefusalNote };

export function writePacket(to: PackWriter, packet: Packet): void {
  switch (packet.kind) {
    case "message":
      begin(to, packet.kind, 1);
      writeMessage(to, packet.message);
      return;
    case "call":
      begin(to, packet.kind, 3);
      to.uint(packet.number);
      writeText(to, packet.method);
      to.bin(packet.request);
      return;
    case "answer":
      begin(to, packet.kind, 2);
      to.uint(packet.number);
      to.bin(packet.answer);
      return;
    case "fault":
      begin(to, packet.kind, 4);
      to.uint(packet.number);
      writeError(to, packet.error);
      return;
    case "hello":
      begin(to, packet.kind, 1);
      writeHello(to, packet.hello);
      return;
    case "welcome":
      begin(to, packet.kind, 1);
      writeWelcome(to, packet.welcome);
      return;
    case "refusal":
      begin(to, packet.kind, 1);
      writeRefusal(to, packet.refusal);
      return;
    default:
      begin(to, packet.kind, 0);
  }
}

/** `between`: who speaks, and whom to. Bytes are views. Throws `corrupt`. */
export function readPacket(payload: Uint8Array, between: { from: MemberId; to: MemberId }): Packet {
  const reader = new PackReader(payload);
  const packet = readBody(reader, between);
  reader.end();
  return packet;
}

function readBody(reader: PackReader, between: { from: MemberId; to: MemberId }): Packet {
  const fields = reader.array();
  const kind = reader.uint();
  switch (kind) {
    case KIND.message:
      expect(fields, 2);
      return { kind: "message", message: readMessage(reader, between) };
    case KIND.call:
      expect(fields, 4);
      return { kind: "call", number: reader.uint(), method: readText(reader), request: reader.bin() };
    case KIND.answer:
      expect(fields, 3);
      return { kind: "answer", number: reader.uint(), answer: reader.bin() };
    case KIND.fault:
      expect(fields, 5);
      return { kind: "fault", number: reader.uint(), error: readError(reader) };
    case KIND.ping:
      expect(fields, 1);
      return { kind: "ping" };
    case KIND.pong:
      expect(fields, 1);
      return { kind: "pong" };
    case KIND.hello:
      expect(fields, 2);
      return { kind: "hello", hello: readHello(reader) };
    case KIND.welcome:
      expect(fields, 2);
      return { kind: "welcome", welcome: readWelcome(reader) };
    case KIND.refusal:
      expect(fields, 2);
      return { kind: "refusal", refusal: readRefusal(reader) };
    default:
      throw new LatticeError("corrupt", `a packet of a kind that there is not, ${kind}`);
  }
}

function begin(to: PackWriter, kind: Packet["kind"], fields: number): void {
  to.array(1 + fields);
  to.uint(KIND[kind]);
}

function expect(fields: number, count: number): void {
  if (fields !== count)
    throw new LatticeError("corrupt", `a packet with ${fields} fields in place of ${count}`);
}

function writeError(to: PackWriter, { code, message, details }: LatticeError): void {
  writeText(to, code);
  writeText(to, message);
  const facts = Object.entries(details).slice(0, DETAILS_MAX);
  to.array(facts.length);
  for (const [name, fact] of facts) {
    to.array(2);
    writeText(to, name);
    writeText(to, fact);
  }
}

/** Of a code that is not known here, what remains is that something went wrong. */
function readError(reader: PackReader): LatticeError {
  const code = readText(reader);
  const message = readText(reader);
  const details: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let left = reader.array(); left > 0; left--) {
    reader.array(2);
    const name = readText(reader);
    details[name] = readText(reader);
  }
  return new LatticeError(isErrorCode(code) ? code : "internal", message, { details: { ...details } });
}

function writeText(to: PackWriter, text: string): void {
  to.bin(Buffer.from(text));
}

function readText(reader: PackReader): string {
  const bytes = reader.bin();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
