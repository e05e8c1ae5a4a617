import { afterEach, describe, expect, it } from "vitest";
import { logstoreV1 } from "@lattice/logstore";
import { append, replica, text, type LogReplica } from "./replica.ts";

const { FollowEvent_Kind: Kind } = logstoreV1;

let stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops) stop.abort();
  stops = [];
});

class Following {
  token: Uint8Array = new Uint8Array();
  readonly #events: AsyncIterator<logstoreV1.FollowEvent>;

  constructor(on: LogReplica, request: Parameters<LogReplica["methods"]["follow"]>[0] = {}) {
    const stop = new AbortController();
    stops.push(stop);
    this.#events = on.methods.follow(request, { signal: stop.signal })[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<string[]> {
    const events: string[] = [];
    while (events.length < count) {
      const { value } = (await this.#events.next()) as { value: logstoreV1.FollowEvent };
      if (value.resume.length > 0) this.token = value.resume;
      if (value.kind === Kind.ENTRY) events.push(text(value.entry!));
      else events.push(value.kind === Kind.READY ? "ready" : "gap");
    }
    return events;
  }
}

async function withEntries(count: number): Promise<LogReplica> {
  const alice = replica("alice");
  for (let index = 0; index < count; index++) await append(alice, `${index}`);
  return alice;
}

describe("follow", () => {
  it("from now tells what comes", async () => {
    const alice = await withEntries(2);
    const following = new Following(alice);
    expect(await following.take(1)).toEqual(["ready"]);
    await append(alice, "new");
    expect(await following.take(1)).toEqual(["new"]);
  });

  it("starts with the tail, or behind an entry", async () => {
    const alice = await withEntries(4);
    const { entries } = await alice.methods.read({});
    const tail = new Following(alice, { tail: 2 });
    const behind = new Following(alice, { cursor: entries[0]!.cursor });
    expect(await tail.take(3)).toEqual(["2", "3", "ready"]);
    expect(await behind.take(4)).toEqual(["1", "2", "3", "ready"]);
    await append(alice, "4");
    expect(await tail.take(1)).toEqual(["4"]);
    expect(await behind.take(1)).toEqual(["4"]);
  });

  it("tells an entry once that came while the start was told", async () => {
    const alice = replica("alice");
    alice.holdsChanges = true;
    await append(alice, "a");
    const following = new Following(alice, { tail: 5 });
    expect(await following.take(2)).toEqual(["a", "ready"]);
    await append(alice, "b");
    alice.flush();
    expect(await following.take(1)).toEqual(["b"]);
  });

  it("resumes with what came since, in whichever place of the order", async () => {
    const alice = replica("alice", 10);
    const following = new Following(alice);
    await following.take(1);
    await append(alice, "told");
    await following.take(1);
    const bob = replica("bob", 5);
    await append(bob, "earlier by its time");
    alice.pull(bob);
    await append(alice, "later");
    const again = new Following(alice, { resume: following.token });
    expect(await again.take(3)).toEqual(["earlier by its time", "later", "ready"]);
  });

  it("tells of a gap where the token is none of this node's", async () => {
    const following = new Following(await withEntries(3), { resume: new Uint8Array(16).fill(9) });
    expect(await following.take(2)).toEqual(["gap", "ready"]);
  });

  it("leaves nothing out for a consumer that lags", async () => {
    const alice = replica("alice");
    const following = new Following(alice);
    await following.take(1);
    const expected = [];
    for (let index = 0; index < 3000; index++) {
      await append(alice, `${index}`);
      expected.push(`${index}`);
    }
    expect(await following.take(3000)).toEqual(expected);
    await append(alice, "next");
    expect(await following.take(1)).toEqual(["next"]);
  });

  it("refuses two places to start from", async () => {
    const alice = await withEntries(1);
    const { entries } = await alice.methods.read({});
    const following = new Following(alice, { tail: 1, cursor: entries[0]!.cursor });
    await expect(following.take(1)).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("goes on from its token wherever it had started first", async () => {
    const alice = await withEntries(3);
    const following = new Following(alice, { tail: 2 });
    await following.take(3);
    await append(alice, "3");
    const again = new Following(alice, { tail: 2, resume: following.token });
    expect(await again.take(2)).toEqual(["3", "ready"]);
  });
});
