/** An append-only log; the check is its order: time, author, seq, and of a fork the hash. */
import { compareBytes, utf8, type Intention } from "@lattice/model";
import { CONTENT_BYTES_MAX, logstore, logstoreV1, type LogStoreClient } from "@lattice/logstore";
import type { Store } from "@lattice/kernel";
import type { Prng } from "../prng.ts";
import { Violation } from "../violation.ts";
import { appPayload } from "./app-payload.ts";
import type { Mirror, Workload } from "./workload.ts";

const TAIL_COUNT = 100_000;

async function write(store: Store, random: Prng): Promise<readonly Uint8Array[]> {
  const { methods } = store as unknown as Store<LogStoreClient>;
  const content = utf8(`${random.uint32().toString(36)}${"y".repeat(Math.floor(random.spread(1, 3000)))}`);
  return [(await methods.append({ content })).hash];
}

async function check(store: Store, intentions: readonly Intention[]): Promise<void> {
  const wanted = intentions
    .flatMap((intention) => {
      const content = appPayload(intention, logstoreV1.LogOp)?.content;
      if (content === undefined || content.length > CONTENT_BYTES_MAX) return [];
      return [{ intention, text: short(content) }];
    })
    .toSorted((a, b) => order(a.intention, b.intention))
    .map(({ text }) => text);
  const found = await entriesOf(store);
  if (found.join() !== wanted.join()) {
    throw new Violation("logstore", `the entries are\n${found.join()}\nand should be\n${wanted.join()}`);
  }
}

async function entriesOf(store: Store): Promise<string[]> {
  const { methods } = store as unknown as Store<LogStoreClient>;
  const { entries } = await methods.read({ tail: TAIL_COUNT, limit: TAIL_COUNT });
  return entries.map(({ content }) => short(content));
}

function order(a: Intention, b: Intention): number {
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1;
  return compareBytes(a.author, b.author) || a.seq - b.seq || compareBytes(a.hash, b.hash);
}

function short(content: Uint8Array): string {
  return new TextDecoder().decode(content.subarray(0, 12));
}

/** A client that follows; in whichever order entries come, it has each once. */
class LogMirror implements Mirror {
  readonly #entries = new Set<string>();
  #resume: Uint8Array = new Uint8Array(0);

  async follow(store: Store, signal: AbortSignal): Promise<void> {
    const { methods } = store as unknown as Store<LogStoreClient>;
    const { FollowEvent_Kind: Kind } = logstoreV1;
    const from = this.#resume.length === 0 ? { tail: TAIL_COUNT } : { resume: this.#resume };
    for await (const { kind, entry, resume } of methods.follow(from, { signal })) {
      if (resume.length > 0) this.#resume = resume;
      if (kind === Kind.ENTRY && entry !== undefined) this.#entries.add(short(entry.content));
      // A reader that was left behind reads the log again.
      if (kind !== Kind.GAP) continue;
      this.#entries.clear();
      for (const content of await entriesOf(store)) this.#entries.add(content);
    }
  }

  text(): string {
    return [...this.#entries].toSorted().join("\n");
  }

  async expected(store: Store): Promise<string> {
    return [...new Set(await entriesOf(store))].toSorted().join("\n");
  }
}

export const logWorkload: Workload = { type: logstore, write, check, mirror: () => new LogMirror() };
