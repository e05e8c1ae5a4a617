import { it } from "vitest";
import { startNode, KeyValues } from "./daemon.ts";
import { readdirSync, watch } from "node:fs";
import { join } from "node:path";
it("t", async () => {
  const a = await startNode();
  await a.answer("store", "create", "--root");
  {
    await using kv = await KeyValues.connect(a);
    const t = performance.now();
    let n = 0;
    await Promise.all(Array.from({length: 256}, async () => { while (n < 20000) { const k = n++; await kv.put(`k${k}`, `${k}`.repeat(20)); } }));
    console.log("written", performance.now() - t);
  }
  const b = await startNode();
  const token = await a.answer("peer", "invite");
  const t = performance.now();
  const child = b.spawn("join", token);
  child.stderr.on("data", (d) => console.log((performance.now() - t) | 0, String(d)));
  const seen: string[] = [];
  watch(b.dataDirectory, (e, f) => { seen.push(`${e} ${f}`); });
  await new Promise((r) => child.on("close", r));
  console.log("joined", performance.now() - t, seen);
  const dir = join(b.dataDirectory, "stores", readdirSync(join(b.dataDirectory, "stores"))[0]!);
  const ev: string[] = [];
  const w = [watch(join(dir, "intentions"), (e, f) => { ev.push(`${(performance.now()-t2)|0} ${e} ${f}`); }), watch(join(dir, "state"), (e, f) => { ev.push(`${(performance.now()-t2)|0} ${e} ${f}`); })];
  const t2 = performance.now();
  console.log(await b.answer("store", "rebuild"));
  console.log("rebuild", performance.now() - t2, ev.length, ev.filter((x, i) => i === 0 || ev[i-1]!.split(" ").slice(1).join() !== x.split(" ").slice(1).join()));
  for (const x of w) x.close();
}, 100000);
