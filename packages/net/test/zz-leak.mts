import { openLibp2pTransport } from "@lattice/net";
import { createRequire } from "node:module";
import v8 from "node:v8";
import { StreamChannel } from "../src/libp2p/stream-channel.ts";
const { QuicStream } = await import("../node_modules/@chainsafe/libp2p-quic/dist/src/stream.js" as any);
const { Stream: Native } = await import("../node_modules/@chainsafe/libp2p-quic/dist/src/napi.js" as any);
const seed = (n: number) => new Uint8Array(32).fill(n);
const b = await openLibp2pTransport({ seed: seed(2), listen: [{ host: "127.0.0.1" }] });
const a = await openLibp2pTransport({ seed: seed(1), listen: [] });
b.handle("/x/1", async (ch) => { for await (const f of ch.frames) await ch.send(f); await ch.close(); });
for (const kind of ["quic"]) {
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 1000; i++) {
      const c = await a.open(b.self, "/x/1", { addresses: b.addresses().filter(x => x.includes(kind)) });
      await c.send(new Uint8Array(100)); await c.close();
      for await (const _ of c.frames);
    }
    (globalThis as any).gc();
    console.log(kind, round, (process.memoryUsage().heapUsed / 1e6).toFixed(1), process.memoryUsage().external/1e6, (process.memoryUsage().rss / 1e6).toFixed(0),
     "StreamChannel", v8.queryObjects(StreamChannel), "QuicStream", v8.queryObjects(QuicStream), "Native", v8.queryObjects(Native), "Signals", v8.queryObjects(AbortSignal), "sockets", (a as any).x);
  }
  await new Promise(r => setTimeout(r, 6000)); (globalThis as any).gc();
  console.log("after 6s", (process.memoryUsage().heapUsed / 1e6).toFixed(1), v8.queryObjects(QuicStream), v8.queryObjects(AbortSignal));
}
await a.close(); await b.close();
