import { utf8 } from "@lattice/model";
import { MemoryReplica } from "@lattice/testkit";
import { kvstore, type KvStoreClient } from "@lattice/kvstore";

export type KvReplica = MemoryReplica<KvStoreClient>;

export function replica(author: string): KvReplica {
  return new MemoryReplica(kvstore, { author });
}

/** Two nodes that have written `key` without knowing of one another, and have read one another since; bob's wins. */
export async function inConflict(key: string): Promise<{ alice: KvReplica; bob: KvReplica }> {
  const alice = replica("alice");
  const bob = new MemoryReplica(kvstore, { author: "bob", clock: 9n << 16n });
  await put(alice, key, "of alice");
  await put(bob, key, "of bob");
  alice.pull(bob);
  bob.pull(alice);
  return { alice, bob };
}

export function put(on: KvReplica, key: string, value: string, condition: string[] = []) {
  return on.methods.put({ key: utf8(key), value: utf8(value), if: condition });
}

export function remove(on: KvReplica, key: string, condition: string[] = []) {
  return on.methods.delete({ key: utf8(key), if: condition });
}

export async function get(on: KvReplica, key: string): Promise<string | undefined> {
  return text((await on.methods.get({ key: utf8(key) })).value);
}

export async function keys(on: KvReplica, request: Parameters<KvReplica["methods"]["list"]>[0] = {}) {
  const { entries } = await on.methods.list(request);
  return entries.map((entry) => text(entry.key));
}

export function text(bytes: Uint8Array): string;
export function text(bytes: Uint8Array | undefined): string | undefined;
export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
