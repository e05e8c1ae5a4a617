/** The key space of a cluster's member, without everything around it: what a put, a get and a list cost. */
import { join } from "node:path";
import { etcdserverpb } from "@lattice/etcd-proto";
import { KeySpace, MVCC_TABLES } from "@lattice/mvcc";
import { openLmdbStorage, type CheckpointedStorage } from "@lattice/storage";
import { perSecond, rate, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

const { PutRequest, RangeRequest } = etcdserverpb;

const PUT_COUNT = 200_000;
/** As from 100 clients, in one entry of the log. */
const BATCH_COUNT = 50;
/** As every 1,000 entries. */
const CHECKPOINT_COUNT = 50_000;
const GET_COUNT = 100_000;
const LIST_KEYS = 1_000;

export function benchMvcc(): Promise<void> {
  return withScratch(async (directory) => {
    const path = join(directory, "state.db");
    await using storage = openLmdbStorage({ path, tables: MVCC_TABLES, durability: "checkpoint" });
    const keySpace = new KeySpace((name) => storage.table(name));
    await benchPuts(storage, keySpace, "new keys", (index) => index);
    await benchPuts(storage, keySpace, "keys that exist", (index) => (index * 7_919) % PUT_COUNT);
    await benchPuts(storage, keySpace, "1,000 keys again and again", (index) => index % 1_000);
    benchGets(keySpace);
    benchLists(keySpace);
    report("resident after that", `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`, "-");
  });
}

async function benchPuts(
  storage: CheckpointedStorage,
  keySpace: KeySpace,
  what: string,
  keyAt: (index: number) => number,
): Promise<void> {
  const value = new Uint8Array(256).fill(7);
  let ms = 0;
  let cpu = 0;
  for (let from = 0; from < PUT_COUNT; from += CHECKPOINT_COUNT) {
    const requests = Array.from({ length: CHECKPOINT_COUNT }, (_, index) =>
      PutRequest.create({ key: key(keyAt(from + index)), value }),
    );
    const usage = process.cpuUsage();
    const start = performance.now();
    for (let at = 0; at < CHECKPOINT_COUNT; at += BATCH_COUNT) {
      storage.transaction((table) =>
        keySpace.write(table, (writer) => {
          for (let index = at; index < at + BATCH_COUNT; index++) writer.put(requests[index]!);
        }),
      );
    }
    await storage.checkpoint();
    ms += performance.now() - start;
    const { user, system } = process.cpuUsage(usage);
    cpu += user + system;
  }
  const each = `${(cpu / PUT_COUNT).toFixed(1)} µs of a core each`;
  report(`puts of 256 B applied, ${what}`, `${rate(perSecond(PUT_COUNT, ms))}, ${each}`, "≥ 100,000/s");
}

function benchGets(keySpace: KeySpace): void {
  const start = performance.now();
  for (let index = 0; index < GET_COUNT; index++) {
    keySpace.rangeBytes(RangeRequest.create({ key: key((index * 7_919) % PUT_COUNT) }));
  }
  report("gets", rate(perSecond(GET_COUNT, performance.now() - start)), "-");
}

function benchLists(keySpace: KeySpace): void {
  const times = 100;
  const start = performance.now();
  for (let index = 0; index < times; index++) {
    const from = index * LIST_KEYS;
    keySpace.rangeBytes(RangeRequest.create({ key: key(from), rangeEnd: key(from + LIST_KEYS) }));
  }
  const keys = perSecond(times * LIST_KEYS, performance.now() - start);
  report(`keys listed, ${LIST_KEYS.toLocaleString("en")} at a time`, rate(keys), "-");
}

function key(index: number): Uint8Array {
  return Buffer.from(`key/${String(index).padStart(12, "0")}`);
}
