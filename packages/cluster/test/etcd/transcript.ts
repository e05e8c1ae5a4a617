/**
 * Calls and their answers as text, to be played to etcd and to this package.
 *
 *   > who Method {request}      who: a user that has logged in, "-" nobody, anybody else a token that there is not
 *     answer                    "ok", with what else the response says, or code and text of an error
 *
 * Requests and answers are JSON with byte strings as text. What differs from run to run is left out: headers, tokens.
 */
import { etcdserverpb, v3electionpb, v3lockpb } from "@lattice/etcd-proto";
import { ScalarType, type IMessageType, type JsonValue } from "@protobuf-ts/runtime";
import type { ServiceType } from "@protobuf-ts/runtime-rpc";

export interface TranscriptSubject {
  /** Rejects with `code` and `message`, which begins with "code TEXT: " where the client library puts it there. */
  call(path: string, request: Uint8Array, token: string | undefined): Promise<Uint8Array>;
}

const SERVICES: readonly ServiceType[] = [
  etcdserverpb.Auth,
  etcdserverpb.KV,
  etcdserverpb.Lease,
  etcdserverpb.Cluster,
  etcdserverpb.Maintenance,
  v3lockpb.Lock,
  v3electionpb.Election,
];

/** The transcript with the subject's answers. */
export async function playTranscript(transcript: string, subject: TranscriptSubject): Promise<string> {
  const player = new Player(subject);
  const lines: string[] = [];
  for (const line of transcript.split("\n")) {
    if (line.startsWith("  ")) continue;
    lines.push(line);
    if (line.startsWith("> ")) lines.push(`  ${await player.play(line.slice(2))}`);
  }
  return lines.join("\n");
}

/** It is said to have been given out long ago, so that nobody waits for it. */
const NO_TOKEN = "AAAAAAAAAAAAAAAA.1";

class Player {
  readonly #subject: TranscriptSubject;
  readonly #tokens = new Map<string, string>();

  constructor(subject: TranscriptSubject) {
    this.#subject = subject;
  }

  async play(command: string): Promise<string> {
    const [, who = "", name = "", json = "{}"] = /^(\S+) (\S+)(?: (.*))?$/.exec(command) ?? [];
    const { path, method } = find(name);
    const request = method.I.fromJson(toBase64(JSON.parse(json) as JsonValue, method.I), {
      ignoreUnknownFields: false,
    });
    try {
      const token = who === "-" ? undefined : (this.#tokens.get(who) ?? NO_TOKEN);
      const response = method.O.fromBinary(await this.#subject.call(path, method.I.toBinary(request), token));
      return this.#ok(request, response, fromBase64(method.O.toJson(response), method.O));
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error)) throw error;
      return `${String(error.code)} ${error.message.replace(/^\d+ [A-Z_]+: /, "")}`;
    }
  }

  #ok(request: object, response: object, shown: JsonValue): string {
    if ("name" in request && "token" in response && typeof request.name === "string") {
      this.#tokens.set(request.name, String(response.token));
    }
    const { token: _, ...rest } = shown as Record<string, JsonValue>;
    return Object.keys(rest).length === 0 ? "ok" : `ok ${JSON.stringify(rest)}`;
  }
}

function find(name: string) {
  for (const service of SERVICES) {
    const method = service.methods.find((candidate) => candidate.name === name);
    if (method !== undefined) return { path: `/${service.typeName}/${name}`, method };
  }
  throw new Error(`there is no method ${name}`);
}

/** JSON of protobuf has byte strings in base64. */
function toBase64(json: JsonValue, type: Message): JsonValue {
  return mapBytes(json, type, (text) => Buffer.from(text, "latin1").toString("base64"));
}

function fromBase64(json: JsonValue, type: Message): JsonValue {
  return mapBytes(json, type, (text) => Buffer.from(text, "base64").toString("latin1"));
}

type Message = IMessageType<object>;

function mapBytes(json: JsonValue, type: Message, map: (text: string) => string): JsonValue {
  if (Array.isArray(json)) return json.map((value) => mapBytes(value, type, map));
  if (json === null || typeof json !== "object") return json;
  return Object.fromEntries(
    Object.entries(json).flatMap(([name, value]): [string, JsonValue][] => {
      if (name === "header") return [];
      const field = type.fields.find(({ jsonName, localName }) => jsonName === name || localName === name);
      if (field?.kind === "message") return [[name, mapBytes(value, field.T(), map)]];
      const isBytes = field?.kind === "scalar" && field.T === ScalarType.BYTES;
      if (!isBytes) return [[name, value]];
      return [[name, Array.isArray(value) ? value.map((each) => map(String(each))) : map(String(value))]];
    }),
  );
}
