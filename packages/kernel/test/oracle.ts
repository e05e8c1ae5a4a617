/** Naive twins of the kernel's rules, and the random worlds that both are run on. */
import {
  bytesKey,
  compareBytes,
  encodeIntention,
  hlcFromMs,
  isIdentityKey,
  parentsOf,
  utf8,
  type Hlc,
  type Intention,
  type IntentionId,
  type Signer,
} from "@lattice/model";
import { kvstore } from "@lattice/kvstore";
import { Role } from "@lattice/systemstore";
import type { Offered } from "../src/index.ts";
import { decodeOps } from "../src/decode-ops.ts";
import {
  admitOps,
  app,
  kvPayload,
  opsOf,
  put,
  setSchemaOps,
  signed,
  signerNamed,
  START_MS,
  system,
  unsigned,
  World,
  type Forged,
} from "./world.ts";

export type Random = (bound: number) => number;

/** Reads and writes up to schema 3; the store begins with 1. */
export const kvstore3 = { ...kvstore, schema: 3 };

interface Author {
  readonly signer: Signer;
  /** What it has seen; closed under parents. */
  readonly view: Map<string, Intention>;
  readonly own: Intention[];
  readonly skewMs: number;
}

export interface RandomWorld {
  readonly world: World;
  readonly forged: readonly Forged[];
}

/** Authors who write, read from one another, fork, lie and write nonsense. */
export function randomWorld(random: Random, size: { authors: number; ops: number }): RandomWorld {
  const world = new World();
  const authors: Author[] = [
    world.owner,
    ...[...Array(size.authors).keys()].map((n) => signerNamed(`author ${n}`)),
  ].map((signer) => ({
    signer,
    view: new Map([[bytesKey(world.first.id), world.first]]),
    own: [],
    skewMs: random(4) * 1000,
  }));
  const forged: Forged[] = [];
  // Most begin as members, some are admitted later or never.
  for (const author of authors.slice(1)) {
    if (random(4) === 0) continue;
    const role = [Role.WRITER, Role.WRITER, Role.ADMIN, Role.READER, Role.OWNER][random(5)]!;
    forged.push(write(world, authors[0]!, admitOps(author.signer, role), random));
  }
  if (random(6) === 0) forged.push(...manyHeads(world, authors[random(authors.length)]!, random));
  while (forged.length < size.ops) {
    const author = authors[random(authors.length)]!;
    if (random(3) === 0) pull(author, authors[random(authors.length)]!);
    const seen = [...author.view.values()].map(({ id }) => id);
    forged.push(write(world, author, randomOps(random, authors, seen), random));
  }
  return { world, forged };
}

function pull(to: Author, from: Author): void {
  for (const [key, intention] of from.view) to.view.set(key, intention);
}

function write(world: World, author: Author, ops: Uint8Array, random: Random): Forged {
  const prev = random(8) === 0 ? anyPrev(world, author, random) : (author.own.at(-1) ?? world.first);
  return sign(world, author, prev, ops, random);
}

/** Where an honest author would not go on: a fork. */
function anyPrev(world: World, author: Author, random: Random): Intention {
  return [world.first, ...author.own][random(author.own.length + 1)]!;
}

function sign(world: World, author: Author, prev: Intention, ops: Uint8Array, random: Random): Forged {
  const condition = headsOf(author.view)
    .filter((id) => compareBytes(id, prev.id) !== 0)
    .slice(0, random(5) === 0 ? 1 : 64);
  const newest = [prev.id, ...condition].map(timeOf).reduce((a, b) => (a > b ? a : b));
  const now = hlcFromMs(START_MS + author.skewMs + random(3));
  const timestamp = ((now > newest ? now : newest) + 1n) as Hlc;
  const { signer } = author;
  const intention = encodeIntention({
    storeId: world.storeId,
    author: signer.publicKey,
    seq: prev.seq + 1,
    timestamp,
    storePrev: prev.id,
    condition,
    ops,
  });
  author.own.push(intention);
  author.view.set(bytesKey(intention.id), intention);
  return signed(intention, signer);
}

/** More heads than fit into one condition, by one author at one place. */
function manyHeads(world: World, author: Author, random: Random): Forged[] {
  const prev = author.own.at(-1) ?? world.first;
  return [...Array(66).keys()].map((n) => {
    const apart = { ...author, view: new Map<string, Intention>(), own: [] };
    const child = sign(world, apart, prev, put("many", `${n}`), random);
    author.own.push(child.intention);
    author.view.set(bytesKey(child.intention.id), child.intention);
    return child;
  });
}

function timeOf(id: IntentionId): bigint {
  return new DataView(id.buffer, id.byteOffset, 8).getBigUint64(0);
}

function headsOf(view: ReadonlyMap<string, Intention>): IntentionId[] {
  const cited = new Set([...view.values()].flatMap((intention) => parentsOf(intention).map(bytesKey)));
  const heads = [...view].filter(([key]) => !cited.has(key)).map(([, { id }]) => id);
  return heads.sort(compareBytes);
}

function randomOps(random: Random, authors: readonly Author[], seen: readonly IntentionId[]): Uint8Array {
  const schema = [1, 1, 1, 1, 2, 3, 4][random(7)]!;
  const someone = authors[random(authors.length)]!.signer;
  const secretHash = new Uint8Array(32).fill(random(3));
  const kinds: (() => Uint8Array)[] = [
    () => new Uint8Array(0),
    () => Uint8Array.of(0xff, 0xff, 0xff),
    () => opsOf({ oneofKind: undefined }),
    () => app(Uint8Array.of(0x0a, 0xff), schema),
    () => app(kvPayload([]), schema),
    () =>
      opsOf({
        oneofKind: "genesis",
        genesis: {
          storeType: "core:kvstore",
          schema: 1,
          nonce: new Uint8Array(16),
          parent: new Uint8Array(0),
        },
      }),
    () => admitOps(someone, 1 + random(4)),
    () => setSchemaOps(1 + random(3)),
    () => system({ oneofKind: "setName", setName: { name: `name ${random(9)}` } }),
    () => system({ oneofKind: "setMemberName", setMemberName: { name: "n".repeat(random(2) * 300 + 1) } }),
    () => system({ oneofKind: "invite", invite: { secretHash, role: 1 + random(4), expiresMs: 1n } }),
    () => system({ oneofKind: "uninvite", uninvite: { secretHash } }),
    () => system({ oneofKind: undefined }),
    () =>
      system({
        oneofKind: "childAdd",
        childAdd: { genesisBody: new Uint8Array(3), genesisSignature: secretHash, alias: "" },
      }),
  ];
  if (random(2) === 0) return kinds[random(kinds.length)]!();
  const writes = [...Array(1 + random(2)).keys()].map(() => {
    const key = utf8("abc"[random(3)]!);
    const supersedes =
      seen.length === 0 ? [] : [...Array(random(3)).keys()].map(() => seen[random(seen.length)]!);
    return random(4) === 0 ? { key, supersedes } : { key, value: utf8(`${random(100)}`), supersedes };
  });
  return app(kvPayload(writes), schema);
}

/** Those of the intentions that every replica must come to witness. */
export function expectedWitnessed(world: World, all: readonly Forged[]): Map<string, Intention> {
  const witnessed = new Map([[bytesKey(world.first.id), world.first]]);
  const byId = [...all].map(({ intention }) => intention).sort((a, b) => compareBytes(a.id, b.id));
  for (let size = 0; size !== witnessed.size;) {
    size = witnessed.size;
    const roles = rolesOf(world, [...witnessed.values()]);
    for (const intention of byId) {
      const isIn = parentsOf(intention).every((id) => witnessed.has(bytesKey(id)));
      const mayWrite = (roles.get(bytesKey(intention.author)) ?? 0) >= Role.WRITER;
      if (isIn && mayWrite) witnessed.set(bytesKey(intention.id), intention);
    }
  }
  return witnessed;
}

/** Admissions in the order of ids; nobody admits above their own role. */
function rolesOf(world: World, intentions: readonly Intention[]): Map<string, number> {
  const roles = new Map<string, number>([[bytesKey(world.owner.publicKey), Role.OWNER]]);
  for (const intention of intentions.toSorted((a, b) => compareBytes(a.id, b.id))) {
    const op = decodeOps(intention)?.op;
    if (op?.oneofKind !== "system" || op.system.op.oneofKind !== "admit") continue;
    const { admit } = op.system.op;
    const own = roles.get(bytesKey(intention.author)) ?? 0;
    const key = bytesKey(admit.member);
    const may =
      own >= Role.ADMIN && admit.role <= own && admit.role >= Role.READER && isIdentityKey(admit.member);
    if (may && admit.role > (roles.get(key) ?? 0)) roles.set(key, admit.role);
  }
  return roles;
}

export interface Delivery {
  readonly duplicates: boolean;
  readonly tipSigned: boolean;
  readonly batchMax: number;
}

/**
 * All of it in some order, cut into batches that keep the rule of tip-signing. What came without its signature comes once
 * more with it: the intention that vouched for it may be one that nobody ever accepts.
 */
export function* deliver(forged: readonly Forged[], random: Random, how: Delivery): Iterable<Offered[]> {
  const order = shuffled(
    how.duplicates ? [...forged, ...forged.filter(() => random(3) === 0)] : forged,
    random,
  );
  if (random(3) === 0) order.sort((a, b) => compareBytes(a.intention.id, b.intention.id));
  for (let at = 0; at < order.length;) {
    const count = 1 + random(how.batchMax);
    yield how.tipSigned ? tipSigned(order.slice(at, at + count), random) : order.slice(at, at + count);
    at += count;
  }
  if (how.tipSigned) for (const item of shuffled(forged, random)) yield [item];
}

function tipSigned(batch: readonly Forged[], random: Random = () => 1): Offered[] {
  const vouched = new Set<string>();
  const offered: Offered[] = [];
  for (const item of batch.toReversed()) {
    const may = vouched.has(bytesKey(item.intention.id));
    offered.push(may && random(4) > 0 ? unsigned(item) : item);
    vouched.add(bytesKey(item.intention.storePrev));
  }
  return offered.toReversed();
}

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const out = [...items];
  for (let at = out.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [out[at], out[other]] = [out[other]!, out[at]!];
  }
  return out;
}
