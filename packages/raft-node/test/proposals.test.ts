import { LatticeError } from "@lattice/model";
import { memberId, type Raft } from "@lattice/raft";
import { expect, it } from "vitest";
import { reasonOf } from "../src/errors.ts";
import { Proposals } from "../src/proposals.ts";

it("a request that cannot be handed to the leader is refused soon", async () => {
  let nowMs = 0;
  const follower = { role: "follower", leader: memberId(2), term: 3 } as unknown as Raft;
  const proposals = new Proposals<string>({
    member: memberId(1),
    session: 1,
    nowMs: () => nowMs,
    timeoutMs: 1000,
    patienceMs: 200,
    wake: () => undefined,
    forward: async () => {
      throw new LatticeError("unavailable", "nobody there", { details: { outcome: "not-sent" } });
    },
  });
  const outcome = proposals.add(new Uint8Array([1]), undefined).catch((error: unknown) => reasonOf(error));
  for (; nowMs < 2000; nowMs += 10) {
    proposals.tick(follower);
    proposals.flush(follower);
    await Promise.resolve();
  }
  expect(proposals.openCount).toBe(0);
  expect(await outcome).toBe("no-leader");
});
