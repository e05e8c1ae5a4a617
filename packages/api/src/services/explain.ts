/** `StoreService.Explain`: what contends for one thing, from the store's type, with what each author had seen, from the DAG. */
import { bytesKey, idHash, LatticeError, type IntentionId } from "@lattice/model";
import { inPastOf, parentsOf, type Store } from "@lattice/kernel";
import type { Node } from "@lattice/node";
import type { daemon } from "@lattice/proto";
import type { ContestHead, ContestResolution } from "@lattice/store";

export function explain(node: Node, store: Store, subject: Uint8Array): daemon.ExplainReply {
  const { heads, rule, resolutions } = store.explain(subject);
  const ids = heads.map(({ id }) => id);
  return {
    heads: heads.map((head) => explainHead(node, store, { head, ids })),
    rule: heads.length > 1 ? rule : "",
    resolutions: resolutions.map((each) => toResolution(store, each)),
  };
}

function explainHead(
  node: Node,
  store: Store,
  { head, ids }: { head: ContestHead; ids: readonly IntentionId[] },
): daemon.ExplainedHead {
  const { id, value } = head;
  const witnessed = store.log.get(id);
  if (witnessed === undefined) throw new LatticeError("internal", "a head is not in the log");
  const { author, seq, timestamp } = witnessed.intention;
  const members = node.membersOf(store);
  const others = ids.filter((other) => bytesKey(other) !== bytesKey(id));
  const seen = inPastOf(store.log, id, others);
  return {
    hash: idHash(id),
    author,
    authorName: members.memberName(author),
    seq: BigInt(seq),
    timestamp,
    ...(value !== undefined && { value }),
    seen: parentsOf(store.log, id).map((parent) => {
      const { intention } = store.log.get(parent)!;
      const name = members.memberName(intention.author);
      return { author: intention.author, name, seq: BigInt(intention.seq) };
    }),
    // Where it would take too long to find out, nothing is claimed.
    seenHashes: (seen ?? []).map(idHash),
    unseenHashes: seen === undefined ? [] : others.filter((other) => !seen.includes(other)).map(idHash),
  };
}

function toResolution(store: Store, { method: name, request, text }: ContestResolution): daemon.Resolution {
  const method = store.type.methods.get(name);
  if (method === undefined) {
    throw new LatticeError("internal", `${store.type.type} names a method ${name} that it has not`);
  }
  const { I, name: rpc } = method.info;
  return { method: rpc, message: I.toBinary(I.create(request)), text };
}
