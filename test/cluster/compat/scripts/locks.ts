/** lock and elect, which etcdctl makes of leases, transactions and watches. */
import type { Side } from "../side.ts";

export async function locks(side: Side): Promise<void> {
  await side.run(["lock", "with-command", "echo", "held"]);
  await side.run(["lock", "with-command", "sh", "--", "-c", "exit 3"]);
  await side.run(["lock"]);
  const first = side.begin(["lock", "queue"]);
  await first.until(/queue\/[0-9a-f]+\n/);
  const second = side.begin(["lock", "queue", "--ttl=20"]);
  await side.run(["get", "queue", "--prefix", "--keys-only", "--limit=1"]);
  await first.stop();
  await second.until(/queue\/[0-9a-f]+\n/);
  await second.stop();
  await side.run(["get", "queue", "--prefix"]);
  await elections(side);
}

async function elections(side: Side): Promise<void> {
  const first = side.begin(["elect", "seat", "alice"]);
  await first.until(/alice/);
  const second = side.begin(["elect", "seat", "bob"]);
  // Whether it complains when it is ended is a matter of luck.
  const listening = side.begin(["elect", "-l", "seat"], {
    mask: [[/\n?stderr:\n.*context canceled.*\n/g, ""]],
  });
  await listening.until(/alice/);
  await first.stop();
  await second.until(/bob/);
  await listening.until(/bob/);
  await second.stop();
  await listening.stop();
  await side.run(["elect"]);
  await side.run(["elect", "seat"]);
  await side.run(["get", "seat", "--prefix"]);
}
