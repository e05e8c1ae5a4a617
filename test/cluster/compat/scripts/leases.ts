/** lease grant, revoke, timetolive, list, keep-alive. */
import type { Side } from "../side.ts";

export async function leases(side: Side): Promise<void> {
  const ctl = (...words: string[]) => side.run(words);
  await ctl("lease", "list");
  const { out } = await ctl("lease", "grant", "100");
  const id = /lease ([0-9a-f]+) granted/.exec(out)![1]!;
  await ctl("lease", "list");
  await ctl("lease", "list", "-w", "json");
  await ctl("put", "leased/1", "x", `--lease=${id}`);
  await ctl("put", "leased/2", "y", `--lease=${id}`);
  await ctl("get", "leased/1", "-w", "json");
  await ctl("get", "leased/1", "-w", "fields");
  await ctl("lease", "timetolive", id);
  await ctl("lease", "timetolive", id, "--keys");
  for (const format of ["json", "fields", "table"]) {
    await side.run(["lease", "timetolive", id, "--keys", "-w", format], {
      mask: [[/("?(?:ttl|TTL)"? ?: ?)\d+/g, "$1<some>"]],
    });
  }
  await ctl("put", "leased/2", "z", "--ignore-lease");
  await ctl("get", "leased/2", "-w", "json");
  await ctl("put", "leased/2", "without");
  await ctl("lease", "timetolive", id, "--keys");
  await side.run(["txn"], { input: `lease("leased/1") = "${id}"\n\nget leased/1\n\nget leased/2\n\n` });
  await ctl("lease", "keep-alive", id, "--once");
  await ctl("lease", "keep-alive", id, "--once", "-w", "json");
  const keeping = side.begin(["lease", "keep-alive", id]);
  await keeping.until(/keepalived/);
  await keeping.stop();
  await ctl("lease", "revoke", id);
  await ctl("get", "leased/", "--prefix", "-w", "json");
  await ctl("lease", "revoke", id);
  await ctl("lease", "timetolive", id);
  await ctl("lease", "timetolive", id, "-w", "json");
  await ctl("lease", "keep-alive", id);
  await ctl("lease", "keep-alive", id, "--once");
  await expiry(side);
  for (const ttl of ["0", "-5", "x", "9000000001", "9000000000"]) await ctl("lease", "grant", ttl);
  await ctl("lease", "grant");
  await ctl("lease", "grant", "60", "-w", "json");
  await ctl("lease", "grant", "60", "-w", "fields");
  await ctl("lease", "grant", "60", "-w", "table");
  await ctl("lease", "revoke", "nonsense");
  await ctl("lease", "revoke", "0");
  await ctl("lease", "timetolive", "nonsense");
  await ctl("lease", "timetolive", "0");
  await ctl("lease", "keep-alive");
  // Those whose id was never printed.
  await side.run(["lease", "list"], { isSorted: true, mask: [[/^[0-9a-f]{16}$/gm, "<a lease>"]] });
}

/** Its key goes by itself, once. */
async function expiry(side: Side): Promise<void> {
  const { out } = await side.run(["lease", "grant", "2"]);
  const id = /lease ([0-9a-f]+) granted/.exec(out)![1]!;
  const watching = side.begin(["watch", "fleeting", "--rev=1", "--prev-kv"]);
  await side.run(["put", "fleeting", "1", `--lease=${id}`]);
  await watching.until(/DELETE\nfleeting/);
  await watching.stop();
  await side.run(["get", "fleeting", "-w", "json"]);
  await side.run(["lease", "timetolive", id]);
}
