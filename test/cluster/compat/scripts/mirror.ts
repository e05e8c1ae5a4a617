/** make-mirror, into another prefix of the same cluster. */
import { setTimeout as delay } from "node:timers/promises";
import type { Side } from "../side.ts";

const TRIES = 200;
const RETRY_MS = 50;

export async function mirror(side: Side): Promise<void> {
  for (const key of ["1", "2", "3"]) await side.run(["put", `from/${key}`, `v${key}`]);
  const mirroring = side.begin(
    ["make-mirror", "--prefix=from/", "--dest-prefix=to/", side.leader.address],
    // It prints how much it has done every half minute.
    { mask: [[/^\d+\n/gm, ""]] },
  );
  await untilThere(side, "to/3", "v3");
  await side.run(["put", "from/4", "later"]);
  await untilThere(side, "to/4", "later");
  await side.run(["del", "from/1"]);
  await untilThere(side, "to/1", "");
  await mirroring.stop();
  await side.run(["get", "", "--prefix"]);
}

async function untilThere(side: Side, key: string, value: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { out } = await side.run(["get", key, "--print-value-only"], { isSilent: true });
    if (out.trimEnd() === value) return;
    await delay(RETRY_MS);
  }
  throw new Error(`the mirror does not bring ${key} to ${JSON.stringify(value)}`);
}
