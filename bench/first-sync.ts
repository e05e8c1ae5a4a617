/** A newcomer fetches a whole store from another process over loopback: verified, projected, on disk. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { openRuntime } from "@lattice/runtime";
import { KEY_BYTES, VALUE_BYTES } from "./authors.ts";
import { perSecond, rate, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

export const SYNC_COUNT = Number(process.env["BENCH_SYNC_COUNT"] ?? 100_000);

export function benchFirstSync(): Promise<void> {
  return withScratch(async (directory) => {
    const host = fork(new URL("./serve-history.ts", import.meta.url), [
      join(directory, "host"),
      String(SYNC_COUNT),
    ]);
    try {
      const [{ token }] = (await once(host, "message")) as [{ token: string }];
      const guest = await openRuntime({
        dataDirectory: join(directory, "guest"),
        listen: [{ host: "127.0.0.1" }],
        serve: false,
      });
      const start = performance.now();
      let received = 0;
      for await (const step of guest.node.join(token)) received = step.intentionCount;
      const elapsed = performance.now() - start;
      const { poisonCount, projectedCount } = await guest.client.store.status({ store: "history" });
      if (poisonCount > 0 || projectedCount !== BigInt(received))
        throw new Error("not all of it was projected");
      await guest.close();
      report(
        `first sync of ${received.toLocaleString("en")} intentions of 4 authors`,
        rate(perSecond(received, elapsed)),
        "≥ 15,000/s",
      );
      const answer = once(host, "message");
      host.send("bytes");
      const [{ bytes }] = (await answer) as [{ bytes: number }];
      const beyond = bytes / received - KEY_BYTES - VALUE_BYTES;
      report("  bytes sent per intention beyond key and value", `${beyond.toFixed(1)} B`, "≤ 200 B");
    } finally {
      host.send("stop");
      await once(host, "exit");
    }
  });
}
