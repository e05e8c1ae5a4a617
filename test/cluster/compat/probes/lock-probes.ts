/** Lock and Election, as services. */
import { setTimeout as delay } from "node:timers/promises";
import { v3electionpb, type IMessageType } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Prober } from "./prober.ts";
import { rpcs } from "./rpcs.ts";

const RETRY_MS = 20;
const bytes = (text: string): Uint8Array => Buffer.from(text);

export async function lockProbes(prober: Prober): Promise<void> {
  await prober.ask(rpcs.leaseGrant, { id: 100n, ttl: 1000n });
  await prober.ask(rpcs.leaseGrant, { id: 101n, ttl: 1000n });
  const held = await prober.ask(rpcs.lock, { name: bytes("lock"), lease: 100n });
  await prober.ask(rpcs.lock, { name: bytes("lock"), lease: 100n });
  const waiting = prober.ask(rpcs.lock, { name: bytes("lock"), lease: 101n });
  await untilQueued(prober, "lock");
  await Promise.all([waiting, prober.ask(rpcs.unlock, { key: held!.key }, { isSilent: true })]);
  await prober.ask(rpcs.unlock, { key: bytes("none") });
  await prober.ask(rpcs.unlock, {});
  await prober.ask(rpcs.lock, { name: bytes("lock"), lease: 999n });
  await prober.ask(rpcs.range, { key: bytes("lock"), rangeEnd: bytes("locl") });
  await elections(prober);
}

async function elections(prober: Prober): Promise<void> {
  const name = bytes("seat");
  await prober.ask(rpcs.leader, { name });
  const first = await prober.ask(rpcs.campaign, { name, lease: 100n, value: bytes("alice") });
  await prober.ask(rpcs.leader, { name });
  await prober.ask(rpcs.campaign, { name, lease: 100n, value: bytes("alice again") });
  await prober.ask(rpcs.proclaim, { leader: first!.leader!, value: bytes("alice, again") });
  await prober.ask(rpcs.leader, { name });
  const next = prober.ask(rpcs.campaign, { name, lease: 101n, value: bytes("bob") });
  await untilQueued(prober, "seat");
  const observing = prober.client().channel.stream("/v3electionpb.Election/Observe");
  observing.send(rpcs.leader.request.toBinary({ name }));
  observing.end();
  const seen = observing.messages[Symbol.asyncIterator]();
  noteLeader(prober, await seen.next());
  // Whoever is answered first is a matter of luck: what is noted is in one order.
  const resigned = prober.ask(rpcs.resign, { leader: first!.leader! }, { isSilent: true });
  await Promise.all([next, resigned]);
  noteLeader(prober, await seen.next());
  observing.cancel();
  await prober.ask(rpcs.resign, { leader: first!.leader! });
  await prober.ask(rpcs.proclaim, { leader: first!.leader!, value: bytes("gone") });
  await prober.ask(rpcs.proclaim, { value: bytes("nobody") });
  await prober.ask(rpcs.resign, {});
  await prober.ask(rpcs.campaign, { name, lease: 999n, value: bytes("x") });
}

/** Two hold a key below it: one that has it, one that waits. */
async function untilQueued(prober: Prober, name: string): Promise<void> {
  const request = { key: bytes(`${name}/`), rangeEnd: bytes(`${name}0`), countOnly: true };
  for (;;) {
    const answer = await prober.ask(rpcs.range, request, { isSilent: true });
    if (answer?.count === 2n) return;
    await delay(RETRY_MS);
  }
}

function noteLeader(prober: Prober, { value }: IteratorResult<Uint8Array, unknown>): void {
  const type: IMessageType<v3electionpb.LeaderResponse> = v3electionpb.LeaderResponse;
  prober.side.note(
    "observe",
    value instanceof Uint8Array ? JSON.stringify(type.toJson(type.fromBinary(value))) : "(end)",
  );
}
