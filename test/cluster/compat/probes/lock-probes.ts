/** Lock and Election, as services. */
import { v3electionpb, type IMessageType } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Prober } from "./prober.ts";
import { rpcs } from "./rpcs.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

export async function lockProbes(prober: Prober): Promise<void> {
  await prober.ask(rpcs.leaseGrant, { id: 100n, ttl: 1000n });
  await prober.ask(rpcs.leaseGrant, { id: 101n, ttl: 1000n });
  const held = await prober.ask(rpcs.lock, { name: bytes("lock"), lease: 100n });
  await prober.ask(rpcs.lock, { name: bytes("lock"), lease: 100n });
  const waiting = prober.ask(rpcs.lock, { name: bytes("lock"), lease: 101n });
  await prober.ask(rpcs.unlock, { key: held!.key });
  await waiting;
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
  const observing = prober.client().channel.stream("/v3electionpb.Election/Observe");
  observing.send(rpcs.leader.request.toBinary({ name }));
  observing.end();
  const seen = observing.messages[Symbol.asyncIterator]();
  noteLeader(prober, await seen.next());
  await prober.ask(rpcs.resign, { leader: first!.leader! });
  await next;
  noteLeader(prober, await seen.next());
  observing.cancel();
  await prober.ask(rpcs.resign, { leader: first!.leader! });
  await prober.ask(rpcs.proclaim, { leader: first!.leader!, value: bytes("gone") });
  await prober.ask(rpcs.proclaim, { value: bytes("nobody") });
  await prober.ask(rpcs.resign, {});
  await prober.ask(rpcs.campaign, { name, lease: 999n, value: bytes("x") });
}

function noteLeader(prober: Prober, { value }: IteratorResult<Uint8Array, unknown>): void {
  const type: IMessageType<v3electionpb.LeaderResponse> = v3electionpb.LeaderResponse;
  prober.side.note(
    "observe",
    value instanceof Uint8Array ? JSON.stringify(type.toJson(type.fromBinary(value))) : "(end)",
  );
}
