/** Lease: what its answers have, and what is wrong with requests. */
import { etcdserverpb as pb } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Prober } from "./prober.ts";
import { rpcs } from "./rpcs.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

export async function leaseProbes(prober: Prober): Promise<void> {
  await prober.ask(rpcs.leases, {});
  await prober.ask(rpcs.leaseGrant, { id: 7n, ttl: 1000n });
  await prober.ask(rpcs.leaseGrant, { id: 7n, ttl: 1000n });
  await prober.ask(rpcs.leaseGrant, { id: 8n, ttl: 0n });
  await prober.ask(rpcs.leaseGrant, { id: 9n, ttl: -1n });
  await prober.ask(rpcs.leaseGrant, { id: 10n, ttl: 9_000_000_001n });
  await prober.ask(rpcs.leaseGrant, { id: -11n, ttl: 1000n });
  await prober.ask(rpcs.leaseGrant, { id: 12n, ttl: 1n });
  await prober.ask(rpcs.put, { key: bytes("l/1"), lease: 7n });
  await prober.ask(rpcs.put, { key: bytes("l/2"), lease: 7n });
  await prober.ask(rpcs.range, { key: bytes("l/1") });
  await prober.ask(rpcs.put, { key: bytes("l/2"), ignoreLease: true, value: bytes("x") });
  await prober.ask(rpcs.range, { key: bytes("l/2") });
  for (const id of [0n, 1234n, -1n]) {
    await prober.ask(rpcs.leaseTimeToLive, { id, keys: true });
    await prober.ask(rpcs.leaseRevoke, { id });
  }
  const known = await prober.ask(rpcs.leaseTimeToLive, { id: 7n, keys: true }, { isSilent: true });
  prober.side.note(
    "time to live of 7",
    `${known?.grantedTTL} ${known?.keys.map((key) => Buffer.from(key)).join(" ")}`,
  );
  await keepAlive(prober);
  await prober.ask(rpcs.leaseRevoke, { id: 7n });
  await prober.ask(rpcs.leaseRevoke, { id: 7n });
  await prober.ask(rpcs.range, { key: bytes("l/"), rangeEnd: bytes("l0") });
  await prober.ask(rpcs.leaseGrant, { id: 20n, ttl: 1000n }, { at: "n2" });
  await prober.ask(rpcs.leaseRevoke, { id: 20n }, { at: "n3" });
  await prober.ask(rpcs.leaseTimeToLive, { id: 20n }, { at: "n3" });
}

async function keepAlive(prober: Prober): Promise<void> {
  for (const at of ["n1", "n2"]) {
    const stream = prober.client(at).keepAlive();
    for (const id of [7n, 1234n, 0n]) {
      stream.send({ id });
      await prober.hear(stream, `keep ${id} alive at ${at}`, pb.LeaseKeepAliveResponse);
    }
    stream.end();
    await prober.hear(stream, `keep alive at ${at}: the end`, pb.LeaseKeepAliveResponse);
  }
}
