/** put, get and del with every flag, in every format. */
import { etcdserverpb as pb } from "../../../../packages/testkit/src/clusters/index.ts";
import type { CommandOptions, Side } from "../side.ts";

const FORMATS = ["simple", "json", "table", "fields", "protobuf"] as const;

export async function keyValues(side: Side): Promise<void> {
  const ctl = (...words: string[]) => side.run(words);
  await ctl("get", "nothing");
  await ctl("put", "a", "1");
  await ctl("put", "b", "2");
  await ctl("put", "c", "");
  await ctl("put", "a", "3", "--prev-kv");
  await ctl("put", "new", "x", "--prev-kv");
  await ctl("put", "a", "--ignore-value");
  await ctl("put", "a", "--ignore-lease", "4");
  await ctl("put", "none", "--ignore-value");
  await ctl("put", "none", "--ignore-lease", "v");
  await ctl("put", "a", "5", "--ignore-value");
  await ctl("put", "", "v");
  await ctl("put", "k");
  await ctl("put");
  await ctl("put", "k", "v", "--lease=1234");
  await ctl("put", "k", "v", "--lease=nonsense");
  await side.run(["put", "from-input"], { input: "several\nlines" });
  await ctl("put", "--", "-dash", "-v");
  await ctl("put", "ü/ключ", "wörld\n\t\u0001");
  for (let at = 0; at < 12; at++)
    await side.run(["put", `dir/${String(at % 7)}`, `v${at}`], { isSilent: true });
  await getAll(ctl);
  await inFormats(side);
  await deleteAll(ctl);
  await large(side);
}

type Ctl = (...words: string[]) => Promise<unknown>;

async function getAll(ctl: Ctl): Promise<void> {
  await ctl("get", "a");
  await ctl("get", "a", "--print-value-only");
  await ctl("get", "a", "--keys-only");
  await ctl("get", "a", "--hex");
  await ctl("get", "ü/ключ", "--hex");
  await ctl("get", "ü/ключ");
  await ctl("get", "a", "c");
  await ctl("get", "c", "a");
  await ctl("get", "a", "--from-key", "--keys-only");
  await ctl("get", "dir/3", "--from-key");
  await ctl("get", "", "--from-key", "--keys-only");
  await ctl("get", "", "--prefix", "--keys-only");
  await ctl("get", "dir/", "--prefix");
  await ctl("get", "dir/", "--prefix", "--keys-only");
  await ctl("get", "dir/", "--prefix", "--limit=3");
  await ctl("get", "dir/", "--prefix", "--limit=3", "-w", "json");
  await ctl("get", "dir/", "--prefix", "--limit=-1");
  await ctl("get", "dir/", "--prefix", "--limit=100");
  for (const target of ["CREATE", "KEY", "MODIFY", "VALUE", "VERSION", "version", "NONSENSE"]) {
    await ctl("get", "dir/", "--prefix", `--sort-by=${target}`, "-w", "json");
    for (const order of ["ASCEND", "DESCEND"]) {
      await ctl("get", "dir/", "--prefix", `--sort-by=${target}`, `--order=${order}`);
    }
    await ctl("get", "dir/", "--prefix", `--sort-by=${target}`, "--order=DESCEND", "--limit=2", "-w", "json");
  }
  await ctl("get", "dir/", "--prefix", "--order=DESCEND");
  await ctl("get", "dir/", "--prefix", "--order=SIDEWAYS");
  await ctl("get", "a", "--consistency=s");
  await ctl("get", "a", "--consistency=l");
  await ctl("get", "a", "--consistency=x");
  await ctl("get", "a", "--rev=2");
  await ctl("get", "a", "--rev=5");
  await ctl("get", "b", "--rev=2");
  await ctl("get", "dir/", "--prefix", "--rev=15", "-w", "json");
  await ctl("get", "a", "--rev=1000");
  await ctl("get", "a", "--rev=-1");
  await ctl("get", "a", "--prefix", "--from-key");
  await ctl("get", "a", "b", "--prefix");
  await ctl("get", "a", "b", "--from-key");
  await ctl("get", "a", "b", "c");
  await ctl("get", "a", "--keys-only", "--print-value-only");
  await ctl("get");
  await ctl("get", "");
  await ctl("get", "a", "-w", "nonsense");
}

async function inFormats(side: Side): Promise<void> {
  for (const format of FORMATS) {
    const ctl = (message: CommandOptions["message"], ...words: string[]) => {
      return side.run([...words, "-w", format], format === "protobuf" ? { message } : {});
    };
    await ctl(pb.PutResponse, "put", "formatted", format, "--prev-kv");
    await ctl(pb.RangeResponse, "get", "formatted");
    await ctl(pb.RangeResponse, "get", "dir/", "--prefix");
    await ctl(pb.RangeResponse, "get", "none");
    await ctl(pb.DeleteRangeResponse, "del", "formatted", "--prev-kv");
    await ctl(pb.PutResponse, "put", "", "x");
  }
  await side.run(["get", "a", "-w", "json", "--hex"]);
  await side.run(["get", "a", "-w", "fields", "--hex"]);
}

async function deleteAll(ctl: Ctl): Promise<void> {
  await ctl("del", "none");
  await ctl("del", "a");
  await ctl("del", "a");
  await ctl("del", "dir/1", "dir/4", "--prev-kv");
  await ctl("del", "dir/", "--prefix", "--prev-kv");
  await ctl("del", "x", "--from-key");
  await ctl("del", "b", "a");
  await ctl("del", "");
  await ctl("del");
  await ctl("del", "a", "--prefix", "--from-key");
  await ctl("del", "a", "b", "--prefix");
  await ctl("get", "", "--prefix", "-w", "json");
  await ctl("del", "", "--prefix");
  await ctl("get", "", "--prefix", "-w", "json");
}

async function large(side: Side): Promise<void> {
  const value = (bytes: number): string => "x".repeat(bytes);
  const put = (bytes: number) => side.run(["put", `large-${bytes}`], { input: value(bytes) });
  await put(1_000_000);
  await put(1_572_000);
  await put(1_600_000);
  await put(2_200_000);
  await side.run(["get", "large", "--prefix", "--keys-only"]);
}
