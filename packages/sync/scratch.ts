import { Club, craft, signerOf, type Crafted } from "./test/stores.ts";
import { owedTo } from "./src/frontier.ts";
import { Outbox } from "./src/outbox.ts";
import { signIntention, encodeIntention, hlcFromMs, idTimestamp } from "@lattice/model";
import { weaver } from "@lattice/proto";
const club = await Club.of(3);
const L = club.signers[1]!;
const time = (what: string, f: () => unknown) => { const t = performance.now(); const r = f(); console.log(what, Math.round(performance.now() - t), "ms"); return r; };
const base = (store: any) => club.clock.now();
async function quadFrontier(n: number) {
  const store = await club.store(0);
  const tips = Array.from({ length: n }, (_, at) => craft(store, { signer: L, key: `${at}` }));
  for (let at = 0; at < n; at += 2000) await store.ingest(tips.slice(at, at + 2000));
  const mine = store.log.tips().filter((t) => Buffer.compare(t.author, L.publicKey) === 0);
  const theirs = mine.map((t) => ({ ...t, id: new Uint8Array(40).map((_, i) => t.id[39 - i]!) as any }));
  // first mismatch ends every(); the worst: all mine are there, at the end, reversed
  time(`isSame ${n}`, () => owedTo([...mine].reverse(), store.log));
}
async function quadVouchers(n: number) {
  const store = await club.store(0);
  const lower: Crafted[] = [], upper: Crafted[] = [];
  const t0 = BigInt(club.clock.now()) << 16n;
  for (let at = 0; at < n; at++) {
    const a = craft(store, { signer: L, key: `${at}`, timestamp: t0 + BigInt(at) + 10n });
    lower.push({ ...a, signature: undefined });
    upper.push(craft(store, { signer: L, key: `u${at}`, prev: a, timestamp: t0 + BigInt(10 + 2 * n - at) }));
  }
  const rep = await store.ingest([...lower, ...upper]);
  console.log("witnessed", rep.witnessed.length, [...rep.rejectedByReason]);
  const outbox = new Outbox(store); outbox.goLive(store.durableWseq);
  outbox.serve(lower.map(({ id }) => id));
  const t = performance.now(); await outbox.next(); console.log("serve", n, Math.round(performance.now() - t), "ms to the first frame");
}
async function connectedCost(n: number) {
  const store = await club.store(0);
  // n floats by strangers in one clump: all cite the stranger's hub
  const stranger = signerOf(500);
  let prev: any; const floats: Crafted[] = [];
  for (let at = 0; at < n; at++) { prev = craft(store, { signer: signerOf(500 + (at >> 10)), prev: at % 1024 === 0 ? undefined : prev, condition: at % 1024 === 0 && at > 0 ? [prev.id] : [] , key: `${at}`}); floats.push(prev); }
  for (let at = 0; at < n; at += 1000) await store.ingest(floats.slice(at, at + 1000));
  console.log("floating", store.replica.floating.count);
  const t = performance.now();
  for (let k = 0; k < 5; k++) await store.ingest([craft(store, { signer: L, condition: [floats.at(-1)!.id], key: `x${k}`, timestamp: idTimestamp(floats.at(-1)!.id) + BigInt(k) + 5n })]);
  console.log("one small intention that cites a float, among", n, Math.round((performance.now() - t) / 5), "ms");
}
async function refoldCost(n: number) {
  const store = await club.store(0);
  const t0 = (BigInt(club.clock.now()) << 16n) + 100n;
  const sys = (at: number, ts: bigint) => { const ops = weaver.Ops.toBinary({ op: { oneofKind: "system", system: { schema: 1, op: { oneofKind: "setName", setName: { name: `n${at}` } } } } });
    const i = encodeIntention({ storeId: store.id, author: L.publicKey, seq: 1, timestamp: ts as any, storePrev: store.log.at(1).intention.id, condition: [], ops }); return { body: i.body, signature: signIntention(L, i.hash) }; };
  await store.ingest([sys(0, t0 + 1_000_000n)]);
  const batch = Array.from({ length: n }, (_, at) => sys(at + 1, t0 + BigInt(at)));
  const t = performance.now(); const r = await store.ingest(batch); console.log("late system ops", n, Math.round(performance.now() - t), "ms", r.witnessed.length, batch.reduce((s, b) => s + b.body.length, 0), "bytes");
}


for (const n of [1000, 4000]) await connectedCost(n);

for (const n of [1000, 4000]) await refoldCost(n);
for (const n of [500, 1000, 2000]) await quadVouchers(n);
async function unsignedClump(n: number) {
  const store = await club.store(0);
  const missing = craft(store, { signer: L, key: "m" });
  const chain: Crafted[] = []; let prev: any = missing;
  for (let at = 0; at < n; at++) { prev = craft(store, { signer: L, key: `${at}`, prev }); chain.push(prev); }
  await store.ingest(chain.map((c, at) => at < n - 1 ? { ...c, signature: undefined } : c));
  console.log("floating", store.replica.floating.count);
  const t = performance.now();
  for (let k = 0; k < 5; k++) await store.ingest([craft(store, { signer: L, prev: chain[n - 2], key: `x${k}`, timestamp: idTimestamp(chain.at(-1)!.id) + BigInt(k) + 5n })]);
  console.log("one on top of an unsigned chain that waits", n, Math.round((performance.now() - t) / 5), "ms");
}
for (const n of [500, 2000]) await unsignedClump(n);
