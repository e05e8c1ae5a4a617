/**
 * Our proto files of etcd's API beside those that a client of etcd brings along: every message, number and method that it knows is
 * there, and means the same. Names of fields differ in case, and those of enums' values as clients like them.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const client = join(dirname(createRequire(import.meta.url).resolve("etcd3")), "../proto");

/** What is between members only, and nobody's client asks for. */
const NOT_OURS = new Set(["LeaseCheckpoint", "LeaseCheckpointRequest", "LeaseCheckpointResponse"]);

it.each([
  ["rpc", "etcdserverpb/rpc"],
  ["kv", "mvccpb/kv"],
  ["auth", "authpb/auth"],
])("%s.proto has all of etcd's", (theirs, ours) => {
  const known = describeProto(readFileSync(join(client, `${theirs}.proto`), "utf8"));
  const own = describeProto(readFileSync(join(root, "proto", `${ours}.proto`), "utf8"));
  const wanted = [...known].filter((line) => !NOT_OURS.has(/^\w+/.exec(line)![0]));
  expect(wanted.length).toBeGreaterThan(8);
  expect(wanted.filter((line) => !own.has(line))).toEqual([]);
});

/** Lines such as `PutRequest.3: int64 lease` and `KV.Put: PutRequest -> PutResponse`. */
function describeProto(text: string): Set<string> {
  const lines = new Set<string>();
  const scopes: string[] = [];
  const plain = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|\[[^\]]*\]/g, "").replace(/\boption\b[\s\S]*?;/g, "");
  const pattern =
    /(?<open>message|service|enum|oneof)\s+(?<name>\w+)\s*\{|(?<close>\})|rpc\s+(?<method>\w+)\s*\((?<input>[^)]*)\)\s*returns\s*\((?<output>[^)]*)\)\s*(?<body>[{;])|(?<repeated>repeated\s+)?(?<type>[\w.]+)\s+(?<field>\w+)\s*=\s*(?<number>\d+)|(?<value>\w+)\s*=\s*(?<of>\d+)/g;
  for (const { groups } of plain.matchAll(pattern)) {
    const { open, name, close, method, input, output, body, repeated, type, field, number, of } = groups!;
    const scope = scopes.filter(Boolean).join(".");
    if (open !== undefined) scopes.push(open === "oneof" ? "" : name!);
    else if (close !== undefined) scopes.pop();
    else if (method !== undefined) {
      if (body === "{") scopes.push("");
      lines.add(`${scope}.${method}: ${typeOf(input!)} -> ${typeOf(output!)}`);
    } else if (field !== undefined) {
      lines.add(`${scope}.${number}: ${repeated ?? ""}${typeOf(type!)} ${field.toLowerCase()}`);
    } else lines.add(`${scope} has ${of}`);
  }
  return lines;
}

/** Without the package. */
function typeOf(text: string): string {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => word.split(".").at(-1)!)
    .join(" ");
}
