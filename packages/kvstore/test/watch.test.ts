import { utf8 } from "@lattice/model";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { kvstoreV1 } from "@lattice/kvstore";
import { inConflict, put, remove, replica, text, type KvReplica } from "./replica.ts";

const { WatchEvent_Kind: Kind } = kvstoreV1;
type Request = Parameters<KvReplica["methods"]["watch"]>[0];

let stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops) stop.abort();
  stops = [];
});

/** Reads a watch event by event. */
class Watching {
  /** What a consumer holds that does as it is told. */
  readonly mirror = new Map<string, string>();
  token: Uint8Array = new Uint8Array();
  readonly #events: AsyncIterator<kvstoreV1.WatchEvent>;

  constructor(on: KvReplica, request: Request = {}) {
    const stop = new AbortController();
    stops.push(stop);
    this.#events = on.methods.watch(request, { signal: stop.signal })[Symbol.asyncIterator]();
  }

  async next(): Promise<string> {
    const { value: event } = (await this.#events.next()) as { value: kvstoreV1.WatchEvent };
    const [key, value] = [text(event.key), text(event.value)];
    if (event.resume.length > 0) this.token = event.resume;
    const flag = event.conflicted ? " conflicted" : "";
    if (event.kind === Kind.READY) return "ready";
    if (event.kind === Kind.GAP) {
      this.mirror.clear();
      return "gap";
    }
    if (event.kind === Kind.DELETE) {
      this.mirror.delete(key);
      return `${key} gone${flag}`;
    }
    this.mirror.set(key, value);
    return `${key}=${value}${flag}`;
  }

  async take(count: number): Promise<string[]> {
    const events: string[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  async until(last: string): Promise<string[]> {
    const events = [await this.next()];
    while (events.at(-1) !== last) events.push(await this.next());
    return events;
  }
}

describe("watch", () => {
  it("tells what is there, then that it is ready, then what changes", async () => {
    const alice = replica("alice");
    await put(alice, "b", "1");
    await put(alice, "a", "2");
    await put(alice, "gone", "x");
    await remove(alice, "gone");
    const watching = new Watching(alice);
    expect(await watching.take(3)).toEqual(["a=2", "b=1", "ready"]);
    await put(alice, "c", "3");
    await remove(alice, "a");
    expect(await watching.take(2)).toEqual(["c=3", "a gone"]);
  });

  it("tells of a prefix only, or of one key only", async () => {
    const alice = replica("alice");
    await put(alice, "user/1", "1");
    await put(alice, "user/12", "2");
    const prefix = new Watching(alice, { prefix: utf8("user/") });
    const key = new Watching(alice, { key: utf8("user/1") });
    expect(await prefix.take(3)).toEqual(["user/1=1", "user/12=2", "ready"]);
    expect(await key.take(2)).toEqual(["user/1=1", "ready"]);
    await put(alice, "other", "x");
    await put(alice, "user/12", "3");
    await put(alice, "user/1", "4");
    expect(await prefix.take(2)).toEqual(["user/12=3", "user/1=4"]);
    expect(await key.next()).toBe("user/1=4");
  });

  it("tells when a conflict comes and when it ends", async () => {
    const { alice } = await inConflict("city");
    const fresh = replica("carol");
    const watching = new Watching(fresh, { key: utf8("city") });
    expect(await watching.next()).toBe("ready");
    fresh.pull(alice);
    expect(await watching.take(2)).toEqual(["city=of alice", "city=of bob conflicted"]);
    await put(fresh, "city", "agreed");
    expect(await watching.next()).toBe("city=agreed");
  });

  it("does not tell of a write that nobody sees", async () => {
    const { alice } = await inConflict("city");
    const carol = replica("carol");
    await put(carol, "city", "a third, and the earliest");
    const watching = new Watching(alice);
    expect(await watching.take(2)).toEqual(["city=of bob conflicted", "ready"]);
    alice.pull(carol);
    await put(alice, "next", "1");
    expect(await watching.next()).toBe("next=1");
  });

  it("resumes behind the last event with what was touched since", async () => {
    const alice = replica("alice");
    await put(alice, "a", "1");
    await put(alice, "b", "1");
    const first = new Watching(alice);
    await first.until("ready");
    await put(alice, "c", "1");
    await first.next();
    await put(alice, "b", "2");
    await put(alice, "b", "3");
    await remove(alice, "a");
    const second = new Watching(alice, { resume: first.token });
    expect(await second.until("ready")).toEqual(["b=3", "a gone", "ready"]);
    await put(alice, "d", "1");
    expect(await second.next()).toBe("d=1");
  });

  it("starts anew where the token is none of this node's", async () => {
    const alice = replica("alice");
    await put(alice, "a", "1");
    const watching = new Watching(alice, { resume: new Uint8Array(16).fill(9) });
    expect(await watching.until("ready")).toEqual(["gap", "a=1", "ready"]);
  });

  it("tells a consumer that lags of the gap, and then of the present state", async () => {
    const alice = replica("alice");
    const watching = new Watching(alice);
    await watching.until("ready");
    for (let count = 0; count < 2000; count++) await put(alice, `${count % 3}`, `${count}`);
    expect(await watching.until("ready")).toEqual(["gap", "0=1998", "1=1999", "2=1997", "ready"]);
    await put(alice, "0", "last");
    expect(await watching.next()).toBe("0=last");
  });

  it("does not tell twice, or out of order, what changed while the state was told", async () => {
    const alice = replica("alice");
    alice.holdsChanges = true;
    await put(alice, "a", "1");
    await put(alice, "a", "2");
    await put(alice, "b", "1");
    await remove(alice, "b");
    const watching = new Watching(alice);
    expect(await watching.take(2)).toEqual(["a=2", "ready"]);
    await put(alice, "a", "3");
    await put(alice, "c", "1");
    alice.flush();
    expect(await watching.take(2)).toEqual(["a=3", "c=1"]);
  });

  it("gives no token before the state is told", async () => {
    const alice = replica("alice");
    await put(alice, "a", "1");
    const watching = new Watching(alice);
    await watching.next();
    expect(watching.token).toHaveLength(0);
    await watching.next();
    expect(watching.token).toHaveLength(16);
  });

  it("refuses a key together with a prefix", async () => {
    const watching = new Watching(replica("alice"), { key: utf8("a"), prefix: utf8("b") });
    await expect(watching.next()).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("ends when it is cancelled", async () => {
    const stop = new AbortController();
    const events = replica("alice").methods.watch({}, { signal: stop.signal })[Symbol.asyncIterator]();
    await events.next();
    const last = events.next();
    stop.abort();
    expect((await last).done).toBe(true);
  });

  it("leaves a consumer that does as told with what the store holds", async () => {
    const step = fc.record({
      by: fc.nat(1),
      does: fc.constantFrom("put", "put", "remove", "pull", "flush", "read", "read", "resume"),
      key: fc.constantFrom("a", "b", "c"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (script) => {
        const [alice, bob] = [replica("alice"), replica("bob")];
        alice.holdsChanges = true;
        let watching = new Watching(alice);
        await watching.until("ready");
        for (const [index, { by, does, key }] of script.entries()) {
          const on = by === 0 ? alice : bob;
          if (does === "put") await put(on, key, `${index}`);
          if (does === "remove") await remove(on, key);
          if (does === "pull") on.pull(by === 0 ? bob : alice);
          if (does === "flush") alice.flush();
          if (does === "read") {
            await put(alice, "mark", `${index}`);
            alice.flush();
            await watching.until(`mark=${index}`);
            expect(Object.fromEntries(watching.mirror)).toEqual(await stateOf(alice));
          }
          if (does === "resume") {
            const { mirror, token } = watching;
            watching = new Watching(alice, { resume: token });
            for (const [at, value] of mirror) watching.mirror.set(at, value);
            await watching.until("ready");
          }
        }
        await put(alice, "mark", "end");
        alice.flush();
        await watching.until("mark=end");
        expect(Object.fromEntries(watching.mirror)).toEqual(await stateOf(alice));
      }),
      { numRuns: 150 },
    );
  });
});

async function stateOf(on: KvReplica): Promise<Record<string, string>> {
  const { entries } = await on.methods.list({});
  return Object.fromEntries(entries.map((entry) => [text(entry.key), text(entry.value)]));
}
