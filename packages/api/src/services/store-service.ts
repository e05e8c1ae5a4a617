/** `StoreService` over a node. */
import {
  bytesFromKey,
  bytesKey,
  concatBytes,
  fromHex,
  ID_BYTES,
  LatticeError,
  readSeqBe,
  toHex,
  u64be,
  utf8,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import type { Fork, Store, Witnessed } from "@lattice/kernel";
import { conditionOf, type Node } from "@lattice/node";
import { daemon, StoreServiceClient } from "@lattice/proto";
import { mayAdminister, NAME_BYTES_MAX, Role, roleFromName, roleName } from "@lattice/systemstore";
import { implementService, type ServiceHandlers } from "../handlers.ts";
import { explain } from "./explain.ts";
import { pageOf, type PageWish } from "./list-page.ts";
import { toIntentionInfo, toStore } from "./store-message.ts";

const PAGE_COUNT = 100;
const PAGE_COUNT_MAX = 1000;
const CANDIDATES_MAX = 8;
const SEQ_BYTES = 8;
const CURSOR_TEXT = "the cursor is none of this list; pass `next` of the page before";

export function storeService(node: Node): ServiceHandlers<StoreServiceClient> {
  return implementService(StoreServiceClient, {
    create: async ({ name, type, parent }) => {
      checkName(name);
      const above = parent === "" ? undefined : node.open(parent);
      return toStore(node, await node.createStore({ name, type, parent: above }));
    },
    list: async (wish) => {
      const { items, next } = pageOf(node.entries(), ({ row }) => row.id, wish);
      return { stores: items.map((entry) => toStore(node, entry)), next };
    },
    resolve: async ({ store }) => toStore(node, node.resolve(store)),
    status: async ({ store }) => statusOf(node, store),
    setName: async ({ store, name }) => {
      checkName(name);
      const opened = node.open(store);
      checkMayName(node.membersOf(opened).roleNow(node.self));
      await submitSystem(opened, { oneofKind: "setName", setName: { name } });
      return {};
    },
    sync: async ({ store }, { signal }) => {
      const opened = node.open(store);
      const members = node.membersOf(opened);
      const results = await node.sync(opened, { signal });
      return {
        peers: results.map(({ peer, received, sent, same, error }) => ({
          peer,
          name: members.memberName(peer),
          received: BigInt(received),
          sent: BigInt(sent),
          same,
          error,
        })),
      };
    },
    verify: async ({ store }, { signal }) => verify(node, node.open(store), signal),
    rebuild: async ({ store }) => {
      const { entry, log } = await node.rebuild(node.resolve(store));
      if (entry.store === undefined) throw new LatticeError("failed-precondition", entry.problem);
      const { log: rebuilt } = entry.store;
      return {
        intentionCount: BigInt(rebuilt.head.wseq),
        stateDigest: entry.store.digest(),
        lost: [...log.lost],
      };
    },
    history: async (request) => pageOfLog(node, request, { reverse: true }),
    log: async (request) => pageOfLog(node, request, { reverse: false }),
    floating: async (request) => pageOfFloating(node, request),
    tips: async ({ store, ...wish }) => {
      const opened = node.open(store);
      const members = node.membersOf(opened);
      const { items, next } = pageOf(opened.log.tips(), ({ id }) => id, wish);
      return {
        next,
        tips: items.map(({ author, seq, id }) => ({
          author,
          id,
          seq: BigInt(seq),
          name: members.memberName(author),
        })),
      };
    },
    intention: async ({ store, prefix }) => findIntention(node, node.open(store), prefix),
    forks: async ({ store, ...wish }) => {
      const opened = node.open(store);
      const members = node.membersOf(opened);
      const keyOf = ({ author, storePrev }: Fork) => concatBytes(author, storePrev);
      const { items, next } = pageOf(opened.log.forks(), keyOf, wish);
      return {
        next,
        forks: items.map(({ author, storePrev, branches }) => ({
          author,
          name: members.memberName(author),
          seq: BigInt((opened.log.get(storePrev)?.intention.seq ?? 0) + 1),
          ids: [...branches],
        })),
      };
    },
    digest: async ({ store }) => {
      const opened = node.open(store);
      return {
        digest: opened.digest(),
        tables: opened.tableSums().map(({ table, sum }) => ({ table, rowCount: sum.count, sum: sum.sum() })),
        intentionCount: BigInt(opened.log.head.wseq),
        fingerprint: opened.log.head.setSum.encode(),
      };
    },
    explain: async ({ store, subject }) => explain(node, node.open(store), subject),
    listPeers: async ({ store, ...wish }) => listPeers(node, node.open(store), wish),
    invite: async ({ store, role, expiresInMs }) => {
      const invited = role === "" ? Role.WRITER : roleFromName(role);
      if (invited === undefined) {
        throw new LatticeError(
          "invalid-argument",
          `there is no role "${role}": say reader, writer, admin or owner`,
        );
      }
      const made = await node.invite(node.open(store), { role: invited, expiresInMs: Number(expiresInMs) });
      return { token: made.token, expiresMs: BigInt(made.expiresMs), invite: made.secretHash };
    },
    listInvites: async ({ store, ...wish }) => listInvites(node.open(store), wish),
    uninvite: async ({ store, invite }) => uninvite(node.open(store), invite),
  });
}

function statusOf(node: Node, text: string): daemon.StoreStatus {
  const entry = node.resolve(text);
  const store = node.open(text);
  const { log, system, replica } = store;
  const members = node.membersOf(store);
  const tips = log.tips();
  return {
    store: toStore(node, entry),
    schema: system.schemaNow(),
    intentionCount: BigInt(log.head.wseq),
    authorCount: new Set(tips.map(({ author }) => bytesKey(author))).size,
    headCount: log.heads().length,
    floatingCount: replica.floating.count,
    forkCount: log.forkCount(),
    poisonCount: replica.projection.poisonCount(),
    projectedCount: BigInt(replica.projection.cursor.wseq),
    projectionPaused: replica.projection.paused,
    memberCount: members.members().length,
    role: roleName(members.roleNow(node.self)),
    livePeers: node.livePeers(store),
    fingerprint: log.head.setSum.encode(),
    stateDigest: store.digest(),
    diskBytes: BigInt(node.diskBytes(store)),
    rejected: Object.fromEntries(
      [...store.rejectedByReason].map(([reason, count]) => [reason, BigInt(count)]),
    ),
  };
}

const { PeerDigest_Verdict: Verdict } = daemon;

const VERDICTS = {
  same: Verdict.SAME,
  "other-set": Verdict.OTHER_SET,
  different: Verdict.DIFFERENT,
  unreachable: Verdict.UNREACHABLE,
} as const;

async function verify(node: Node, store: Store, signal: AbortSignal): Promise<daemon.VerifyReply> {
  const members = node.membersOf(store);
  const { intentionCount, stateDigest, rebuiltDigest, problems, peers } = await node.verify(store, {
    signal,
  });
  return {
    intentionCount: BigInt(intentionCount),
    stateDigest,
    rebuiltDigest,
    problems: [...problems],
    peers: peers.map(({ peer, verdict }) => ({
      peer,
      name: members.memberName(peer),
      verdict: VERDICTS[verdict],
    })),
  };
}

function pageLimit(limit: number): number {
  return limit === 0 ? PAGE_COUNT : Math.min(limit, PAGE_COUNT_MAX);
}

/** The cursor is the place in the log where the next page starts. */
function pageOfLog(
  node: Node,
  { store: text, limit, cursor }: daemon.PageRequest,
  { reverse }: { reverse: boolean },
): daemon.IntentionPage {
  const store = node.open(text);
  const count = pageLimit(limit);
  const start = reverse ? store.log.head.wseq : 1;
  const from = cursor.length === 0 ? start : placeInLog(cursor);
  const records = [...store.log.records({ from, reverse, limit: count })];
  const last = records.at(-1);
  const next = last === undefined ? 0 : last.wseq + (reverse ? -1 : 1);
  const isEnd = records.length < count || next < 1 || next > store.log.head.wseq;
  return {
    intentions: records.map((record) => toInfo(node, store, record)),
    next: isEnd ? new Uint8Array(0) : u64be(next),
  };
}

function placeInLog(cursor: Uint8Array): number {
  const place = cursor.length === SEQ_BYTES ? readSeqBe(cursor) : 0;
  if (place > 0 && Number.isSafeInteger(place)) return place;
  throw new LatticeError("invalid-argument", CURSOR_TEXT);
}

function pageOfFloating(
  node: Node,
  { store: text, limit, cursor }: daemon.PageRequest,
): daemon.IntentionPage {
  const store = node.open(text);
  if (cursor.length > 0 && cursor.length !== ID_BYTES)
    throw new LatticeError("invalid-argument", CURSOR_TEXT);
  const after = bytesKey(cursor);
  const ids = [...store.replica.floating.all()].filter(({ intention }) => bytesKey(intention.id) > after);
  const page = ids.slice(0, pageLimit(limit));
  return {
    intentions: page.map(({ intention }) => ({
      ...toIntentionInfo(node, store, intention),
      note: store.replica.holdReason(intention),
    })),
    next: page.length < ids.length ? bytesFromKey(bytesKey(page.at(-1)!.intention.id)) : new Uint8Array(0),
  };
}

function toInfo(node: Node, store: Store, record: Witnessed): daemon.IntentionInfo {
  return toIntentionInfo(node, store, record.intention, record);
}

function findIntention(node: Node, store: Store, text: string): daemon.IntentionInfo {
  const prefix = text.trim().toLowerCase().replace(/^0x/, "");
  const bytes = fromHex(prefix.length % 2 === 0 ? prefix : prefix.slice(0, -1));
  if (prefix.length < 4 || bytes === undefined) {
    throw new LatticeError("invalid-argument", "an intention is named by at least 4 hex digits of its hash");
  }
  const matches = (id: IntentionId) =>
    toHex(id.subarray(8)).startsWith(prefix) || toHex(id).startsWith(prefix);
  const found = store.log.findByPrefix(bytes, 256).filter(matches);
  const floating = [...store.replica.floating.all()].filter(({ intention }) => matches(intention.id));
  if (found.length + floating.length > 1) {
    const names = [...found, ...floating.map(({ intention }) => intention.id)].slice(0, CANDIDATES_MAX);
    throw new LatticeError(
      "ambiguous",
      `${text} could be ${names.map((id) => toHex(id.subarray(8)).slice(0, 16)).join(", ")}`,
    );
  }
  if (found[0] !== undefined) return toInfo(node, store, store.log.get(found[0])!);
  if (floating[0] !== undefined) return toIntentionInfo(node, store, floating[0].intention);
  throw new LatticeError("not-found", `no intention here starts with ${text}`);
}

function listPeers(node: Node, store: Store, wish: PageWish): daemon.ListPeersReply {
  const live = new Set(node.livePeers(store).map(bytesKey));
  const forks = Map.groupBy(store.log.forks(), ({ author }) => bytesKey(author));
  const { items, next } = pageOf(node.membersOf(store).members(), ({ key }) => key, wish);
  const peers = items.map(({ key, name, role }) => {
    const self = bytesKey(key) === bytesKey(node.self);
    return {
      peer: key,
      name,
      role: roleName(role),
      self,
      live: self || live.has(bytesKey(key)),
      seenMs: BigInt(node.seenMs(key)),
      forkCount: forks.get(bytesKey(key))?.length ?? 0,
      addresses: [...(self ? node.addresses() : node.addressesOf(key))],
    };
  });
  return { peers, next };
}

function listInvites(store: Store, wish: PageWish): daemon.ListInvitesReply {
  const { items, next } = pageOf(store.system.invites(), ({ secretHash }) => secretHash, wish);
  return {
    next,
    invites: items.map((invite) => ({
      invite: invite.secretHash,
      role: roleName(invite.role),
      expiresMs: invite.expiresMs,
      state: conditionOf(invite, Date.now()),
      inviter: invite.inviter as PubKey,
      usedBy: invite.usedBy,
    })),
  };
}

async function uninvite(store: Store, text: string): Promise<daemon.UninviteReply> {
  const prefix = text.trim().toLowerCase();
  const found = store.system
    .invites()
    .filter(({ secretHash }) => prefix !== "" && toHex(secretHash).startsWith(prefix));
  if (found.length === 0)
    throw new LatticeError("not-found", `no invite starts with "${text}": "peer invites" lists them`);
  if (found.length > 1) {
    const names = found.slice(0, CANDIDATES_MAX).map(({ secretHash }) => toHex(secretHash).slice(0, 16));
    throw new LatticeError("ambiguous", `"${text}" could be ${names.join(", ")}`);
  }
  const { secretHash } = found[0]!;
  await submitSystem(store, { oneofKind: "uninvite", uninvite: { secretHash } });
  return {};
}

/** From anybody else it would be written and count for nothing. */
function checkMayName(role: Role): void {
  if (mayAdminister(role)) return;
  throw new LatticeError(
    "permission-denied",
    `a ${roleName(role) || "stranger"} cannot name the store: ask an admin or the owner`,
  );
}

/** One of several lines could not be typed; a longer one would be written and count for nothing. */
function checkName(name: string): void {
  if (/\p{Cc}/u.test(name))
    throw new LatticeError("invalid-argument", "a store's name is one line without control characters");
  const size = utf8(name).length;
  if (size <= NAME_BYTES_MAX) return;
  throw new LatticeError(
    "invalid-argument",
    `the name has ${size} bytes; a store's has at most ${NAME_BYTES_MAX}`,
  );
}

/** A system op is refused after it was written, so that everybody refuses alike; who asked for it is told. */
async function submitSystem(store: Store, op: Parameters<Store["submitSystem"]>[0]): Promise<void> {
  const { id } = await store.submitSystem(op);
  const reason = store.system.voidReason(id) ?? "";
  if (reason !== "") throw new LatticeError("failed-precondition", reason);
}
