import { EtcdError, v3electionpb, v3lockpb } from "@lattice/etcd-proto";
import type { Method, StreamCall } from "@lattice/grpc-front";
import { utf8 } from "@lattice/model";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { electionService } from "../../src/lock-election/election-service.ts";
import { lockService } from "../../src/lock-election/lock-service.ts";
import { callContext, statusOf, type CallOptions } from "../auth/auth-world.ts";
import { FakeKeys } from "./fake-keys.ts";

/** Leases, by which claims are told apart; their keys end in a, b and c. */
const ANN = 0xan;
const BOB = 0xbn;
const CAT = 0xcn;

let keys: FakeKeys;
let methods: ReadonlyMap<string, Method>;

beforeEach(() => {
  keys = new FakeKeys();
  for (const lease of [ANN, BOB, CAT]) keys.grant(lease);
  methods = new Map([...lockService(keys.methods), ...electionService(keys.methods)]);
});

async function unary(path: string, request: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
  const method = methods.get(path);
  if (method?.kind !== "unary") throw new Error(`no ${path}`);
  return await method.handle(request, callContext(options));
}

const name = utf8("n");

async function lock(lease: bigint, options?: CallOptions): Promise<string> {
  const request = v3lockpb.LockRequest.toBinary({ name, lease });
  const { key } = v3lockpb.LockResponse.fromBinary(await unary("/v3lockpb.Lock/Lock", request, options));
  return Buffer.from(key).toString();
}

async function unlock(key: string): Promise<void> {
  await unary("/v3lockpb.Lock/Unlock", v3lockpb.UnlockRequest.toBinary({ key: utf8(key) }));
}

async function campaign(
  lease: bigint,
  value: string,
  options?: CallOptions,
): Promise<v3electionpb.LeaderKey> {
  const request = v3electionpb.CampaignRequest.toBinary({ name, lease, value: utf8(value) });
  const response = await unary("/v3electionpb.Election/Campaign", request, options);
  return v3electionpb.CampaignResponse.fromBinary(response).leader!;
}

async function proclaim(leader: v3electionpb.LeaderKey, value: string): Promise<void> {
  const request = v3electionpb.ProclaimRequest.toBinary({ leader, value: utf8(value) });
  await unary("/v3electionpb.Election/Proclaim", request);
}

async function resign(leader: v3electionpb.LeaderKey): Promise<void> {
  await unary("/v3electionpb.Election/Resign", v3electionpb.ResignRequest.toBinary({ leader }));
}

/** Until as many watches are under way as there are when those who wait have settled. */
async function untilWatching(count: number): Promise<void> {
  while (keys.watchCount !== count) await new Promise((resolve) => setImmediate(resolve));
}

/** One for the claim before it, one for its own. */
const WATCHES_OF_A_WAIT = 2;

describe("a lock", () => {
  test("goes from one to the next in the order of their asking", async () => {
    expect(await lock(ANN)).toBe("n/a");
    const order: string[] = [];
    const bob = lock(BOB).then((key) => order.push(key));
    await untilWatching(WATCHES_OF_A_WAIT);
    const cat = lock(CAT).then((key) => order.push(key));
    await untilWatching(2 * WATCHES_OF_A_WAIT);
    await unlock("n/a");
    await bob;
    expect(order).toEqual(["n/b"]);
    await unlock("n/b");
    await cat;
    expect(order).toEqual(["n/b", "n/c"]);
    expect(keys.watchCount).toBe(0);
  });

  test("is not granted to who waits behind one that waits and goes", async () => {
    await lock(ANN);
    const bob = new AbortController();
    const given = lock(BOB, { signal: bob.signal });
    await untilWatching(WATCHES_OF_A_WAIT);
    let hasCat = false;
    const cat = lock(CAT).then(() => (hasCat = true));
    await untilWatching(2 * WATCHES_OF_A_WAIT);
    bob.abort();
    await expect(given).rejects.toThrow();
    expect(keys.keys()).toEqual(["n/a", "n/c"]);
    await untilWatching(WATCHES_OF_A_WAIT);
    expect(hasCat).toBe(false);
    await unlock("n/a");
    await cat;
  });

  test("goes to the next when the lease of who has it ends", async () => {
    await lock(ANN);
    const bob = lock(BOB);
    await untilWatching(WATCHES_OF_A_WAIT);
    keys.expire(ANN);
    expect(await bob).toBe("n/b");
  });

  test("is refused to who waits when his own lease ends, at once", async () => {
    await lock(ANN);
    const bob = lock(BOB);
    await untilWatching(WATCHES_OF_A_WAIT);
    keys.expire(BOB);
    expect(await statusOf(bob)).toBe("2 mutex: session is expired");
    expect(keys.keys()).toEqual(["n/a"]);
  });

  test("is waited for through compactions, which end watches", async () => {
    await lock(ANN);
    const bob = lock(BOB);
    await untilWatching(WATCHES_OF_A_WAIT);
    keys.compact();
    await untilWatching(WATCHES_OF_A_WAIT);
    await unlock("n/a");
    expect(await bob).toBe("n/b");
  });

  test("without a lease gets one", async () => {
    const request = v3lockpb.LockRequest.toBinary({ name, lease: 0n });
    const { key } = v3lockpb.LockResponse.fromBinary(await unary("/v3lockpb.Lock/Lock", request));
    expect(Buffer.from(key).toString()).toBe("n/1000");
  });

  test("fails as its parts do: without their codes, unless trying again may help", async () => {
    keys.before = () => {
      throw EtcdError.of("permissionDenied");
    };
    expect(await statusOf(lock(ANN))).toBe("2 etcdserver: permission denied");
    keys.before = () => {
      throw EtcdError.of("noLeader");
    };
    expect(await statusOf(lock(ANN))).toBe("14 etcdserver: no leader");
  });

  test("is asked for as whoever calls", async () => {
    const tokens = new Set<string | undefined>();
    keys.before = (_, token) => void tokens.add(token);
    await lock(ANN, { token: "t" });
    const bob = lock(BOB, { token: "t" });
    await untilWatching(WATCHES_OF_A_WAIT);
    keys.expire(ANN);
    await bob;
    expect([...tokens]).toEqual(["t"]);
  });
});

describe("an election", () => {
  test("is won by one at a time", async () => {
    const ann = await campaign(ANN, "a");
    const bob = campaign(BOB, "b");
    await untilWatching(WATCHES_OF_A_WAIT);
    await resign(ann);
    const leader = await bob;
    expect(Buffer.from(leader.key).toString()).toBe("n/b");
    expect(await statusOf(proclaim(ann, "x"))).toBe("2 election: not leader");
    await proclaim(leader, "y");
  });

  test("is lost by who waits when his lease ends", async () => {
    await campaign(ANN, "a");
    const bob = campaign(BOB, "b");
    await untilWatching(WATCHES_OF_A_WAIT);
    keys.expire(BOB);
    expect(await statusOf(bob)).toBe("2 election: not leader");
  });

  // oxlint-disable-next-line vitest/expect-expect -- `saw` expects.
  test("is told to who observes it, from who leads then on", async () => {
    const observer = new Observer();
    await untilWatching(1);
    const ann = await campaign(ANN, "a");
    await observer.saw("a");
    await proclaim(ann, "a2");
    await observer.saw("a a2");
    const bob = campaign(BOB, "b");
    await resign(ann);
    await bob;
    await observer.saw("a a2 b");
    await untilWatching(1);
    // Who sees the same again after a watch that the server ended says nothing.
    keys.compact();
    await untilWatching(1);
    await proclaim(await bob, "b2");
    await observer.saw("a a2 b b2");
    keys.expire(BOB);
    await campaign(CAT, "c");
    await observer.saw("a a2 b b2 c");
    observer.leave();
    await observer.ended;
    await untilWatching(0);
  });
});

/** Whatever happens, nobody holds the lock with another, and all who can get it do. */
test("a lock has one holder at most and never gets stuck", async () => {
  const someStep = fc.record({
    who: fc.integer({ min: 1, max: 5 }),
    what: fc.constantFrom("lock", "unlock", "expire", "abort", "compact"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(someStep, { maxLength: 30 }), async (steps) => {
      keys = new FakeKeys();
      methods = new Map(lockService(keys.methods));
      const waiting = new Map<number, AbortController>();
      const asked = new Set<Promise<void>>();
      for (const { who, what } of steps) {
        const lease = BigInt(who);
        if (what === "lock" && !waiting.has(who)) {
          keys.grant(lease);
          const controller = new AbortController();
          waiting.set(who, controller);
          const ask = lock(lease, { signal: controller.signal }).then(
            (key) => {
              // At that moment there is no older claim.
              expect(keys.keys()[0]).toBe(key);
              waiting.delete(who);
            },
            () => void waiting.delete(who),
          );
          asked.add(ask);
        } else if (what === "unlock") {
          await unlock(`n/${who}`);
        } else if (what === "expire") keys.expire(lease);
        else if (what === "abort") waiting.get(who)?.abort();
        else if (what === "compact") keys.compact();
        await new Promise((resolve) => setImmediate(resolve));
      }
      // In the end everybody goes, one after the other, and then nobody waits.
      for (let turn = 0; turn < 5; turn++) {
        for (const key of keys.keys().slice(0, 1)) await unlock(key);
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (let who = 1; who <= 5; who++) keys.expire(BigInt(who));
      await Promise.all(asked);
      expect(waiting.size).toBe(0);
      await untilWatching(0);
    }),
    { numRuns: 100 },
  );
});

class Observer {
  readonly ended: Promise<void>;
  readonly #controller = new AbortController();
  readonly #values: string[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor() {
    const method = methods.get("/v3electionpb.Election/Observe");
    if (method?.kind !== "stream") throw new Error("no Observe");
    const call: StreamCall = {
      ...callContext({ signal: this.#controller.signal }),
      requests: onlyOne(v3electionpb.LeaderRequest.toBinary({ name })),
      send: (bytes) => {
        const { kv } = v3electionpb.LeaderResponse.fromBinary(bytes);
        this.#values.push(Buffer.from(kv!.value).toString());
        this.#arrived.resolve();
        return true;
      },
      drained: () => Promise.resolve(),
    };
    this.ended = method.handle(call).catch(() => undefined);
  }

  async saw(values: string): Promise<void> {
    while (this.#values.join(" ").length < values.length) {
      await this.#arrived.promise;
      this.#arrived = Promise.withResolvers();
    }
    expect(this.#values.join(" ")).toBe(values);
  }

  leave(): void {
    this.#controller.abort();
  }
}

async function* onlyOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
