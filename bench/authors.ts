/** Histories of several authors, made without as many nodes. */
import {
  encodeIntention,
  hlcFromMs,
  signerFromSeed,
  signIntention,
  utf8,
  type Hlc,
  type IntentionId,
  type Signer,
} from "@lattice/model";
import type { Offered, Store } from "@lattice/kernel";
import { kvstoreV1 } from "@lattice/kvstore";
import { weaver } from "@lattice/proto";
import { Role } from "@lattice/systemstore";

const BATCH = 4000;
export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;

/** Adds `count` puts by `authorCount` authors who write side by side. */
export async function writeHistory(
  store: Store,
  { authorCount, count }: { authorCount: number; count: number },
): Promise<void> {
  const signers = Array.from({ length: authorCount }, (_, index) =>
    signerFromSeed(new Uint8Array(32).fill(index + 1)),
  );
  for (const { publicKey } of signers) {
    const admit = { member: publicKey, role: Role.WRITER, secretHash: new Uint8Array(0), name: "" };
    await store.submitSystem({ oneofKind: "admit", admit });
  }
  const head = store.log.heads()[0]!;
  let timestamp = hlcFromMs(Date.now() - 60_000);
  timestamp =
    timestamp > store.log.head.maxTimestamp ? timestamp : ((store.log.head.maxTimestamp + 1n) as Hlc);
  const genesis = store.log.at(1).intention.id;
  const chains = signers.map((signer) => ({ signer, prev: genesis, seq: 0 }));
  for (let at = 0; at < count; at += BATCH) {
    const batch: Offered[] = [];
    for (let index = at; index < Math.min(count, at + BATCH); index++) {
      const chain = chains[index % authorCount]!;
      timestamp = (timestamp + 1n) as Hlc;
      batch.push(writeOne(store, chain, { index, timestamp, condition: chain.seq === 0 ? [head] : [] }));
    }
    await store.ingest(batch);
  }
}

function writeOne(
  store: Store,
  chain: { signer: Signer; prev: IntentionId; seq: number },
  { index, timestamp, condition }: { index: number; timestamp: Hlc; condition: IntentionId[] },
): Offered {
  const key = utf8(`key/${index}`.padEnd(KEY_BYTES, "."));
  const payload = kvstoreV1.KvOp.toBinary({
    writes: [{ key, value: new Uint8Array(VALUE_BYTES).fill(index), supersedes: [] }],
  });
  chain.seq += 1;
  const intention = encodeIntention({
    storeId: store.id,
    author: chain.signer.publicKey,
    seq: chain.seq,
    timestamp,
    storePrev: chain.prev,
    condition,
    ops: weaver.Ops.toBinary({ op: { oneofKind: "app", app: { schema: 1, payload } } }),
  });
  chain.prev = intention.id;
  return { body: intention.body, signature: signIntention(chain.signer, intention.hash) };
}
