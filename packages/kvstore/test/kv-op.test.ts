import { toHex, utf8 } from "@lattice/model";
import { expect, it } from "vitest";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "@lattice/kvstore";
import { replica } from "./replica.ts";

const key = utf8("a");

it.each<[string, object]>([
  ["it writes nothing", { writes: [] }],
  ["a key is empty", { writes: [{ key: new Uint8Array() }] }],
  [
    "a key has 4097 bytes; at most 4096 are allowed",
    { writes: [{ key: new Uint8Array(KEY_BYTES_MAX + 1) }] },
  ],
  [
    "a value has 524289 bytes; at most 524288 are allowed",
    { writes: [{ key, value: new Uint8Array(VALUE_BYTES_MAX + 1) }] },
  ],
  ["it supersedes an id of 41 bytes; an id has 40", { writes: [{ key, supersedes: [new Uint8Array(41)] }] }],
  [
    "it supersedes what is not older than itself",
    {
      writes: [
        { key, value: key },
        { key: utf8("b"), supersedes: [new Uint8Array(40).fill(0xff)] },
      ],
    },
  ],
])("an op counts for nothing, whole: %s", (reason, payload) => {
  const alice = replica("alice");
  const { op } = alice.submit(payload);
  expect(alice.state.dump()).toBe("");
  expect(alice.refused.get(toHex(op.id))).toBe(reason);
});
