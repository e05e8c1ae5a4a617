/** What a program in JavaScript does with npm's `etcd3`: `node npm-etcd3.program.ts HOST:PORT`. It prints what it sees. */
import { Etcd3, EtcdLockFailedError, Range } from "etcd3";

const client = new Etcd3({ hosts: `http://${process.argv[2]}` });

function tell(what: string, value: unknown): void {
  console.log(`${what}: ${JSON.stringify(value)}`);
}

async function keys(): Promise<void> {
  await client.put("n/a").value("1");
  await client.put("n/b").value(Buffer.from([1, 2, 255]));
  tell("get", await client.get("n/a").string());
  tell("get bytes", [...(await client.get("n/b").buffer())!]);
  tell("get nothing", await client.get("n/none").string());
  tell("get number", await client.get("n/a").number());
  tell("exists", [await client.get("n/a").exists(), await client.get("n/none").exists()]);
  tell("all", await client.getAll().prefix("n/").keys());
  tell("count", await client.getAll().prefix("n/").count());
  tell("sorted", await client.getAll().prefix("n/").sort("Key", "Descend").limit(1).keys());
  tell("range", await client.getAll().inRange(new Range("n/a", "n/b")).strings());
  tell("deleted", (await client.delete().key("n/b")).deleted);
  tell("namespace", await client.namespace("n/").get("a").string());
  tell("empty key", await errorOf(client.put("").value("x").exec()));
}

async function transactions(): Promise<void> {
  const swap = (from: string, to: string) =>
    client
      .if("n/a", "Value", "==", from)
      .then(client.put("n/a").value(to), client.get("n/a"))
      .else(client.get("n/a"))
      .commit();
  const [done, refused] = [await swap("1", "2"), await swap("1", "3")];
  tell("swap", [done.succeeded, done.responses.length, refused.succeeded]);
  tell("after", await client.get("n/a").string());
  const counted = await client.stm().transact(async (tx) => {
    const before = Number(await tx.get("n/a").string());
    await tx.put("n/a").value(before + 40);
    return before;
  });
  tell("memory", [counted, await client.get("n/a").string()]);
}

async function watching(): Promise<void> {
  const watcher = await client.watch().prefix("w/").create();
  const seen: string[] = [];
  const all = Promise.withResolvers<void>();
  watcher.on("put", ({ key, value, version }) =>
    note(`put ${key.toString()} ${value.toString()} ${version}`),
  );
  watcher.on("delete", ({ key }) => note(`delete ${key.toString()}`));
  function note(event: string): void {
    seen.push(event);
    if (seen.length === 4) all.resolve();
  }
  await client.put("w/1").value("x");
  await client.put("w/1").value("y");
  await client.put("w/2").value("z");
  await client.delete().key("w/1");
  await all.promise;
  tell("seen", seen);
  await watcher.cancel();
}

async function leases(): Promise<void> {
  const lease = client.lease(100, { autoKeepAlive: false });
  await lease.put("l/1").value("leased");
  tell("leased", await client.get("l/1").string());
  await lease.keepaliveOnce();
  await lease.revoke();
  tell("revoked", await client.get("l/1").string());
  tell("after", await errorOf(lease.keepaliveOnce()));
}

async function locks(): Promise<void> {
  const held = await client.lock("lock").ttl(10).acquire();
  const refused = await client
    .lock("lock")
    .ttl(10)
    .acquire()
    .catch((error: unknown) => error instanceof EtcdLockFailedError);
  tell("second", refused);
  await held.release();
  tell(
    "done",
    await client
      .lock("lock")
      .ttl(10)
      .do(() => "inside"),
  );
}

async function elections(): Promise<void> {
  const election = client.election("seat", 10);
  const observer = await election.observe();
  const leaders: (string | undefined)[] = [];
  const campaign = election.campaign("alice");
  const elected = Promise.withResolvers<void>();
  observer.on("change", (leader) => {
    leaders.push(leader);
    elected.resolve();
  });
  campaign.on("error", (error) => elected.reject(error));
  await elected.promise;
  tell("leader", leaders[0]);
  await campaign.resign();
  await observer.cancel();
}

async function errorOf(doing: Promise<unknown>): Promise<string> {
  try {
    await doing;
    return "no error";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message.replace(/\d{5,}/, "ID")}`;
  }
}

await keys();
await transactions();
await watching();
await leases();
await locks();
await elections();
client.close();
