import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeOps,
  toBatches,
  verifyGenesis,
  verifyStore,
  type Offered,
  type Store,
} from "../../packages/kernel/src/index.ts";
import { parseGenesis } from "../../packages/kernel/src/genesis.ts";
import {
  decodeFloating,
  decodeLogHead,
  decodeWitness,
  encodeFloating,
  encodeLogHead,
  encodeWitness,
} from "../../packages/kernel/src/records.ts";
import { opsOf, signed, type World } from "../../packages/kernel/test/world.ts";
import { logstore } from "../../packages/logstore/src/index.ts";
import {
  concatBytes,
  decodeIntention,
  encodeIntention,
  equalBytes,
  ERROR_CODES,
  sha256,
  toHex,
  type Intention,
} from "../../packages/model/src/index.ts";
import { weaver } from "../../packages/proto/src/index.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { outcomeLater, outcomeOf } from "./outcome.ts";
import { openOn, requestsOf, sampleOf, types, type Sample, type StoredRow } from "./stores.ts";

const samples = await Promise.all(types.map((type) => sampleOf(type)));
const [kvSample] = samples as [Sample, Sample];
const valuesOf = (table: string, file: StoredRow["file"] = "log") =>
  samples.flatMap(({ rows }) =>
    rows.filter((row) => row.file === file && row.table === table).map(({ value }) => value),
  );

describe("bytes in the place of", () => {
  it("a witness record are none, or hold all that there is to them", () => {
    checkCanonical(mutateBytes(valuesOf("witness")), decodeWitness, encodeWitness);
  });

  it("a floating record are none, or hold all that there is to them", () => {
    checkCanonical(mutateBytes(valuesOf("floating")), decodeFloating, encodeFloating);
  });

  it("the head of a log are none, or hold all that there is to them, even with a checksum that fits", () => {
    const heads = valuesOf("meta").filter((row) => row.length > 40);
    const rows = fc.tuple(mutateBytes(heads), fc.boolean()).map(([bytes, isChecked]) => {
      const content = bytes.subarray(0, 88);
      return isChecked ? concatBytes(content, sha256(content).subarray(0, 8)) : bytes;
    });
    checkCanonical(rows, decodeLogHead, encodeLogHead);
  });

  it("an op are undecodable, or decode to the same when they are written again", () => {
    const ops = kvSample.offered.map(({ body }) => (decodeIntention(body) as Intention).ops);
    fc.assert(
      fc.property(mutateBytes(ops), (bytes) => {
        const intention = { ...kvSample.world.first, ops: bytes };
        const decoded = outcomeOf([], () => decodeOps(intention));
        if (decoded === undefined) return;
        const again = weaver.Ops.toBinary(decoded);
        expect(weaver.Ops.fromBinary(again)).toEqual(decoded);
        expect(toHex(weaver.Ops.toBinary(weaver.Ops.fromBinary(again)))).toBe(toHex(again));
      }),
      fuzzRuns(3000),
    );
  });

  it("a genesis are refused, whoever signed them, or are one", () => {
    const { world } = kvSample;
    const genesis = {
      storeType: "core:kvstore",
      schema: 1,
      nonce: new Uint8Array(16),
      parent: world.first.hash,
    };
    const ofChild = opsOf({ oneofKind: "genesis", genesis });
    fc.assert(
      fc.property(mutateBytes([world.first.ops, ofChild]), (ops) => {
        const { intention, body, signature } = signed(encodeIntention({ ...world.first, ops }), world.owner);
        const parsed = outcomeOf(["corrupt"], () => parseGenesis(intention));
        if (parsed !== undefined) expect([0, 32]).toContain(parsed.parent.length);
        const verified = outcomeOf(["invite-invalid", "corrupt"], () =>
          verifyGenesis({ body, signature }, intention.hash),
        );
        expect(verified !== undefined).toBe(parsed !== undefined);
      }),
      fuzzRuns(300),
    );
  });
});

function checkCanonical<T>(
  rows: fc.Arbitrary<Uint8Array>,
  decode: (row: Uint8Array) => T | undefined,
  encode: (value: T) => Uint8Array,
): void {
  fc.assert(
    fc.property(rows, (row) => {
      const value = outcomeOf([], () => decode(row));
      if (value !== undefined) expect(toHex(encode(value))).toBe(toHex(row));
    }),
    fuzzRuns(5000),
  );
}

describe("a store", () => {
  it("that is offered anything takes, holds or refuses it, and goes on", async () => {
    const offered = fc.record({
      body: mutateBytes(kvSample.offered.map(({ body }) => body)),
      signature: fc.option(mutateBytes(kvSample.offered.flatMap(({ signature }) => signature ?? [])), {
        nil: undefined,
      }),
      isSignedAnew: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(offered, { maxLength: 5 }), async (changed) => {
        const { world, rows, type } = kvSample;
        const store = openOn(type, rows);
        await store.ingest(changed.map((each) => offer(world, each)));
        expect(await verifyStore(store)).toMatchObject({ problems: [] });
        await store.close();
      }),
      fuzzRuns(150),
    );
  });

  it("that an author may write anything into keeps its state a function of the set", async () => {
    const ops = kvSample.offered.map(({ body }) => (decodeIntention(body) as Intention).ops);
    await fc.assert(
      fc.asyncProperty(fc.array(mutateBytes(ops), { minLength: 1, maxLength: 4 }), async (written) => {
        const { world, rows, type } = kvSample;
        const store = openOn(type, rows);
        let prev: Intention = store.log.at(store.log.head.wseq).intention;
        for (const each of written) {
          const forged = world.forge(world.owner, prev, { ops: each });
          await store.ingest([forged]);
          prev = forged.intention;
        }
        expect(await verifyStore(store)).toMatchObject({ problems: [] });
        await store.close();
      }),
      fuzzRuns(150),
    );
  });

  it("with a damaged row says so, or does not notice; whatever it is asked, nothing else comes of it", async () => {
    const damage = fc.oneof(
      ...samples.map(({ rows }, which) =>
        fc.nat({ max: rows.length - 1 }).chain((at) => {
          const { file, table, key } = rows[at]!;
          const alike = rows.filter((row) => row.file === file && row.table === table);
          const keys = mutateBytes(
            alike.map((row) => row.key),
            { bytesMax: 200 },
          );
          return fc.record({
            which: fc.constant(which),
            at: fc.constant(at),
            table: fc.constant(`${file} ${table}`),
            key: fc.oneof({ weight: 5, arbitrary: fc.constant(key) }, keys),
            // Undefined: the row is gone.
            value: fc.option(mutateBytes(alike.map((row) => row.value)), { nil: undefined }),
          });
        }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ({ which, at, key, value }) => {
        const sample = samples[which]!;
        const others = sample.rows.toSpliced(at, 1);
        const isGone = value === undefined || key.length === 0;
        await useAll(sample, isGone ? others : [...others, { ...sample.rows[at]!, key, value }]);
      }),
      fuzzRuns(250),
    );
  });
});

/** With a hash chain and a signature that fit, or as it is. */
function offer(
  world: World,
  { body, signature, isSignedAnew }: Offered & { isSignedAnew: boolean },
): Offered {
  const intention = decodeIntention(body);
  if (!isSignedAnew || typeof intention === "string") return { body, signature };
  const isOwners = equalBytes(intention.author, world.owner.publicKey);
  return isOwners ? signed(intention, world.owner) : { body, signature };
}

/** Every way to ask a store that a damaged file could reach. Nothing is ever `internal`. */
async function useAll({ type, world }: Sample, rows: readonly StoredRow[]): Promise<void> {
  const codes = ERROR_CODES.filter((code) => code !== "internal");
  const opened = await outcomeLater(codes, async () => {
    const store = openOn(type, rows);
    await store.catchUp();
    return store;
  });
  if (opened === undefined) return;
  const store: Store = opened;
  const uses: (() => unknown)[] = [
    () => [store.log.tips(), store.log.heads(), store.log.forks(), store.log.frontierDigest()],
    () => [...store.log.records({ from: 1 })],
    () => [...store.log.ids()].map((id) => store.log.get(id)),
    () => [...store.log.ids()].map((id) => store.replica.projection.poisonReason(id)),
    () => [...store.replica.floating.all()],
    () => [...toBatches(store.log, store.log.records({ from: 1 }))],
    () => [store.system.members(), store.system.invites(), store.system.children(), store.system.name()],
    () => [...store.log.ids()].map((id) => store.system.voidReason(id)),
    () => store.system.schemaTimeline(),
    () => verifyStore(store),
    () => store.reconsider(),
    ...requestsOf(type).map(
      ([method, request]) =>
        () =>
          ask(store, method, request),
    ),
    () => store.ingest([world.forge(world.owner, world.first), world.genesis]),
    () => store.submitSystem({ oneofKind: "setName", setName: { name: "again" } }),
    () => store.ingest([lateSystemOp(world)]),
    () => verifyStore(store),
  ];
  for (const use of uses) await outcomeLater(codes, async () => use());
  await store.close();
}

async function ask(store: Store, method: string, request: object): Promise<void> {
  if (store.type.methods.get(method)!.kind !== "stream") {
    await store.call(method, request);
    return;
  }
  // What is complete carries a token; behind that a stream waits for what is new.
  for await (const event of store.subscribe(method, request)) {
    if ((event as { resume: Uint8Array }).resume.length > 0) break;
  }
}

/** Comes behind its place, so that all system ops are folded anew. */
function lateSystemOp(world: World): Offered {
  const timestamp = (world.first.timestamp + 1n) as Intention["timestamp"];
  const op = { oneofKind: "setName" as const, setName: { name: "late" } };
  return world.forge(world.owner, world.first, {
    timestamp,
    ops: opsOf({ oneofKind: "system", system: { schema: 1, op } }),
  });
}

it("the samples hold what the tests above say they damage", () => {
  for (const { rows, type } of samples) {
    const filled = new Set(rows.map(({ file, table }) => `${file} ${table}`));
    const expected = ["witness", "index", "chain", "tips", "heads", "floating", "waiting", "forks", "meta"];
    for (const table of expected) expect(filled).toContain(`log ${table}`);
    for (const table of ["system", "system-ops", "poison", "meta"])
      expect(filled).toContain(`state ${table}`);
    const own = type.type === logstore.type ? ["app/entries"] : ["app/keys", "app/keys-losers"];
    for (const table of own) expect(filled).toContain(`state ${table}`);
  }
});
