/** The log of a store as its node tells it, and what holds for every such log, whenever its node was killed. */
import type { CrashNode } from "./crash-node.ts";
import { expectNone } from "./fault.ts";

export interface Intention {
  /** In hex, like all of these. */
  readonly id: string;
  readonly hash: string;
  readonly author: string;
  readonly seq: number;
  readonly storePrev: string;
  readonly kind: string;
  readonly summary: string;
}

/** A page has the bodies, too, and is one message. */
const PAGE_COUNT = 200;

export async function readLog(node: CrashNode, store: string): Promise<Intention[]> {
  const log: Intention[] = [];
  let cursor: Uint8Array = new Uint8Array(0);
  do {
    const page = { store, cursor, limit: PAGE_COUNT };
    const { intentions, next } = await node.answer("log", (client, signal) =>
      client.store.log(page, { signal }),
    );
    for (const { id, author, seq, storePrev, kind, summary } of intentions) {
      log.push({
        id: hex(id),
        hash: hex(id.subarray(8)),
        author: hex(author),
        seq: Number(seq),
        storePrev: hex(storePrev),
        kind,
        summary,
      });
    }
    cursor = next;
  } while (cursor.length > 0);
  return log;
}

/** Each author's intentions are one chain, without a gap and without a fork. */
export function expectChains(log: readonly Intention[], where: string): void {
  const genesis = log[0];
  const problems: string[] = [];
  const tips = new Map<string, Intention>();
  for (const intention of log.slice(1)) {
    const { author, seq, storePrev, hash } = intention;
    const before = tips.get(author) ?? genesis;
    if (storePrev !== before?.id) {
      problems.push(`${author.slice(0, 8)} ${seq} ${hash.slice(0, 12)} stands on ${storePrev.slice(16, 28)}`);
    }
    tips.set(author, intention);
  }
  expectNone(`${where}: an author's intentions are no chain`, problems);
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
