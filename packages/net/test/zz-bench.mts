import { fork } from "node:child_process";
import { openLibp2pTransport } from "@lattice/net";
const role = process.argv[2] ?? "main";
const seed = (n: number) => new Uint8Array(32).fill(n);
if (role === "server") {
  const t = await openLibp2pTransport({ seed: seed(2), listen: [{ host: "127.0.0.1" }] });
  t.handle("/sink/1", async (ch) => { let n = 0; for await (const f of ch.frames) n += f.length; await ch.send(Buffer.from(String(n))); await ch.close(); });
  t.handle("/echo/1", async (ch) => { for await (const f of ch.frames) await ch.send(f); await ch.close(); });
  process.send!({ self: Buffer.from(t.self).toString("hex"), addresses: t.addresses() });
} else {
  const child = fork(process.argv[1]!, ["server"], { execArgv: process.execArgv });
  const info: any = await new Promise((r) => child.once("message", r));
  const peer = new Uint8Array(Buffer.from(info.self, "hex")) as any;
  for (const kind of ["quic-v1", "tcp", "quic-v1", "tcp", "quic-v1", "tcp"]) {
    const t = await openLibp2pTransport({ seed: seed(1), listen: [] });
    const addresses = info.addresses.filter((a: string) => a.includes(kind));
    const t0 = performance.now();
    const echo = await t.open(peer, "/echo/1", { addresses });
    const connect = performance.now() - t0;
    const it = echo.frames[Symbol.asyncIterator]();
    for (let i = 0; i < 50; i++) { await echo.send(new Uint8Array(1024)); await it.next(); }
    const t1 = performance.now();
    for (let i = 0; i < 500; i++) { await echo.send(new Uint8Array(1024)); await it.next(); }
    const rtt = (performance.now() - t1) / 500;
    const ch = await t.open(peer, "/sink/1", { addresses });
    const frame = new Uint8Array(64 << 10);
    const N = 4096; const t2 = performance.now();
    for (let i = 0; i < N; i++) await ch.send(frame);
    await ch.close();
    for await (const f of ch.frames) if (Number(Buffer.from(f)) !== N * frame.length) throw new Error("lost");
    const s = (performance.now() - t2) / 1000;
    const small = await t.open(peer, "/sink/1", { addresses });
    const t3 = performance.now();
    for (let i = 0; i < 50_000; i++) await small.send(new Uint8Array(100));
    await small.close(); for await (const _ of small.frames);
    const s3 = (performance.now() - t3) / 1000;
    console.log(kind, "connect ms", connect.toFixed(1), "rtt ms", rtt.toFixed(2), "64KiB MB/s", ((N * frame.length) / 1e6 / s).toFixed(0), "100 B frames/s", (50_000 / s3).toFixed(0), "rss MB", (process.memoryUsage().rss / 1e6).toFixed(0));
    await t.close();
  }
  child.kill();
  process.exit(0);
}
