import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { MemoryStorage } from "@lattice/storage";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/machine/outcome.ts";
import { decodeRequest, encodeRequest, RequestKind, type ClusterRequest } from "../../src/machine/request.ts";
import { ANSWER_BYTES_MAX } from "../../src/sessions/limits.ts";
import { sessionOf } from "../../src/sessions/session-metadata.ts";
import { SESSION_TABLES, Sessions } from "../../src/sessions/sessions.ts";

/** A machine that only counts: each request that is done moves the revision on by one. */
class Counter {
  readonly storage: MemoryStorage;
  readonly sessions: Sessions;
  readonly done: string[] = [];

  constructor(
    storage = new MemoryStorage({ tables: SESSION_TABLES }),
    bounds?: ConstructorParameters<typeof Sessions>[1],
  ) {
    this.storage = storage;
    this.sessions = new Sessions(storage, bounds);
  }

  apply(request: ClusterRequest, respond: (revision: number) => object = () => ({})): Outcome {
    const asInLog = decodeRequest(encodeRequest(request));
    return this.storage.transaction((table) => {
      const before = this.sessions.lookup(asInLog);
      if (before !== undefined) return before;
      this.done.push(`${asInLog.session?.id[0]}/${asInLog.session?.seq}`);
      const revision = this.done.length;
      const outcome: Outcome = { revision, response: respond(revision) };
      this.sessions.record(table, asInLog, outcome);
      return outcome;
    });
  }
}

function put(
  session: number | undefined,
  seq: number,
  value = `${session}/${seq}`,
  user?: string,
): ClusterRequest {
  return {
    kind: RequestKind.PUT,
    user: user === undefined ? undefined : { name: user, authRevision: 1 },
    session: session === undefined ? undefined : { id: new Uint8Array(16).fill(session), seq },
    body: etcdserverpb.PutRequest.toBinary(
      etcdserverpb.PutRequest.create({ key: utf8("k"), value: utf8(value) }),
    ),
  };
}

function reasonOf(outcome: Outcome): string {
  return outcome instanceof EtcdError ? `${outcome.code} ${outcome.message}` : `done at ${outcome.revision}`;
}

describe("a write of a session", () => {
  test("that comes again is answered as it was, and not done again", () => {
    const counter = new Counter();
    const respond = (revision: number) =>
      etcdserverpb.PutResponse.create({ prevKv: { key: utf8("k"), modRevision: BigInt(revision) } });
    const first = counter.apply(put(1, 1), respond);
    counter.apply(put(2, 1));
    expect(counter.apply(put(1, 1), respond)).toEqual(first);
    expect(counter.done).toEqual(["1/1", "2/1"]);
  });

  test("that was refused by the machine is refused again in the same words", () => {
    const { storage, sessions } = new Counter();
    storage.transaction((table) => sessions.record(table, put(1, 1), EtcdError.of("leaseNotFound")));
    expect(reasonOf(sessions.lookup(put(1, 1))!)).toBe("5 etcdserver: requested lease not found");
  });

  test("with an older number is refused", () => {
    const counter = new Counter();
    counter.apply(put(1, 1));
    counter.apply(put(1, 4));
    expect(reasonOf(counter.apply(put(1, 3)))).toBe(
      "9 lattice: request 3 of this session is behind 4, and its answer is forgotten",
    );
  });

  test("is another one with another value or of another user", () => {
    const counter = new Counter();
    counter.apply(put(1, 1, "a", "ann"));
    const why = "9 lattice: request 1 of this session was another one; number each request anew";
    expect(reasonOf(counter.apply(put(1, 1, "b", "ann")))).toBe(why);
    expect(reasonOf(counter.apply(put(1, 1, "a", "bob")))).toBe(why);
    expect(reasonOf(counter.apply(put(1, 1, "a", "ann")))).toBe("done at 1");
  });

  test("of a session that is not known is refused, but for the first", () => {
    const counter = new Counter();
    expect(reasonOf(counter.apply(put(1, 2)))).toBe(
      "9 lattice: there is no such session (any more), so request 2 may have been done; begin a new session with number 1",
    );
    expect(reasonOf(counter.apply(put(1, 1)))).toBe("done at 1");
  });

  test("whose answer is too large is not done again all the same", () => {
    const counter = new Counter();
    const respond = () =>
      etcdserverpb.PutResponse.create({ prevKv: { value: new Uint8Array(ANSWER_BYTES_MAX) } });
    counter.apply(put(1, 1), respond);
    expect(reasonOf(counter.apply(put(1, 1), respond))).toBe(
      "9 lattice: request 1 was done at revision 1; its answer was too large to be kept",
    );
    expect(counter.done).toHaveLength(1);
  });
});

test("a write of no session is done as often as it comes", () => {
  const counter = new Counter();
  counter.apply(put(undefined, 0));
  expect(reasonOf(counter.apply(put(undefined, 0)))).toBe("done at 2");
});

test("the sessions that were used longest ago are forgotten", () => {
  const counter = new Counter(undefined, { sessionsMax: 3, bytesMax: 1 << 20 });
  for (const session of [1, 2, 3]) counter.apply(put(session, 1));
  counter.apply(put(1, 2));
  counter.apply(put(4, 1));
  expect(counter.sessions.count).toBe(3);
  expect(reasonOf(counter.apply(put(2, 2)))).toContain("there is no such session");
  expect(reasonOf(counter.apply(put(1, 3)))).toBe("done at 6");
});

test("bytes bound them too, and the last one always stays", () => {
  const counter = new Counter(undefined, { sessionsMax: 100, bytesMax: 1_000 });
  const respond = () => etcdserverpb.PutResponse.create({ prevKv: { value: new Uint8Array(2_000) } });
  for (const session of [1, 2]) counter.apply(put(session, 1), respond);
  expect(counter.sessions.count).toBe(1);
  expect(reasonOf(counter.apply(put(2, 1)))).toBe("done at 2");
});

test("whatever is sent again, in whatever order, each write is done at most once and answered alike; and members that restart agree", () => {
  const someWrite = fc.record({ session: fc.nat({ max: 4 }), seq: fc.integer({ min: 1, max: 6 }) });
  fc.assert(
    fc.property(fc.array(someWrite, { maxLength: 60 }), fc.nat(60), (writes, restartAt) => {
      const bounds = { sessionsMax: 3, bytesMax: 1 << 20 };
      const steady = new Counter(undefined, bounds);
      let restarting = new Counter(undefined, bounds);
      const answers = new Map<string, string>();
      const last = new Map<number, number>();
      for (const [at, { session, seq }] of writes.entries()) {
        if (at === restartAt) {
          const { done, storage } = restarting;
          restarting = new Counter(storage, bounds);
          restarting.done.push(...done);
        }
        const wasDone = steady.done.length;
        const outcome = reasonOf(steady.apply(put(session, seq)));
        expect(reasonOf(restarting.apply(put(session, seq)))).toBe(outcome);
        const name = `${session}/${seq}`;
        if (steady.done.length > wasDone) {
          // Only what is new is done: greater than all before, or the first number of a session that is forgotten.
          expect(seq === 1 || seq > (last.get(session) ?? 0)).toBe(true);
          last.set(session, seq);
          answers.set(name, outcome);
        } else if (outcome.startsWith("done")) {
          expect(outcome).toBe(answers.get(name));
        }
      }
      const rows = ({ storage }: Counter) => SESSION_TABLES.map((name) => [...storage.table(name).range()]);
      expect(rows(restarting)).toEqual(rows(steady));
    }),
    { numRuns: 500 },
  );
});

test("a retry within the bounds is always answered: nothing is done twice", () => {
  const someWrite = fc.record({ session: fc.nat({ max: 4 }), copies: fc.integer({ min: 1, max: 4 }) });
  fc.assert(
    fc.property(fc.array(someWrite, { maxLength: 40 }), (writes) => {
      const counter = new Counter();
      const next = new Map<number, number>();
      for (const { session, copies } of writes) {
        const seq = (next.get(session) ?? 0) + 1;
        next.set(session, seq);
        const outcomes = Array.from({ length: copies }, () => reasonOf(counter.apply(put(session, seq))));
        expect(new Set(outcomes)).toEqual(new Set([`done at ${counter.done.length}`]));
      }
      expect(counter.done).toHaveLength(writes.length);
      expect(new Set(counter.done).size).toBe(writes.length);
    }),
  );
});

describe("what a call says of its session", () => {
  const of = (fields: Record<string, string>) => sessionOf({ get: (name) => fields[name] });
  const id = "000102030405060708090a0b0c0d0e0f";

  test("is an id and a number, or nothing", () => {
    expect(of({})).toBeUndefined();
    expect(of({ "lattice-session": id, "lattice-seq": "7" })).toEqual({
      id: Uint8Array.from({ length: 16 }, (_, at) => at),
      seq: 7,
    });
  });

  test.each([
    [{ "lattice-seq": "1" }, "lattice: lattice-session is to be 32 hex digits"],
    [{ "lattice-session": "abc", "lattice-seq": "1" }, "lattice: lattice-session is to be 32 hex digits"],
    [{ "lattice-session": id }, "lattice: lattice-seq is to be a number from 1 to 2^53 - 1"],
    [
      { "lattice-session": id, "lattice-seq": "0" },
      "lattice: lattice-seq is to be a number from 1 to 2^53 - 1",
    ],
    [
      { "lattice-session": id, "lattice-seq": "1.5" },
      "lattice: lattice-seq is to be a number from 1 to 2^53 - 1",
    ],
    [
      { "lattice-session": id, "lattice-seq": "9007199254740992" },
      "lattice: lattice-seq is to be a number from 1 to 2^53 - 1",
    ],
  ])("%j is refused", (fields, why) => {
    expect(() => of(fields)).toThrow(why);
  });
});
