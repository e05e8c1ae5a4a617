/** How transcripts write things down: an entry is `index:term`, a message is one line. */
import { EntryKind, isJoint, type Entry, type Membership, type Message, type Raft } from "@lattice/raft";

export function describeEntry(entry: Entry): string {
  const name = nameOf(entry);
  if (entry.kind === EntryKind.DATA) return `${name}'${Buffer.from(entry.data).toString()}'`;
  return entry.membership === undefined ? name : `${name}${describeMembership(entry.membership)}`;
}

/** `{1 2 3 +4}`: three voters and a learner; `{2 3 & 1 2 3}`: on the way from the second set to the first. */
export function describeMembership(membership: Membership): string {
  const { voters, outgoing, learners, learnersNext } = membership;
  const sides = isJoint(membership) ? `${voters.join(" ")} & ${outgoing.join(" ")}` : voters.join(" ");
  const watchers = [...learners.map((id) => ` +${id}`), ...learnersNext.map((id) => ` then +${id}`)];
  return `{${sides}${watchers.join("")}}`;
}

export function formatEntries(entries: readonly Entry[]): string {
  return entries.map(describeEntry).join(" ");
}

export function describeMessage(message: Message): string {
  const { from, to, term } = message;
  return `${from}→${to} t${term} ${describeBody(message)}`;
}

export function describeMember(raft: Raft): string {
  const { id, role, term, vote, commit } = raft.status();
  const { base, lastIndex } = raft.log;
  const bounds = { countMax: Infinity, bytesMax: Infinity };
  const entries = raft.log.slice((base.index + 1) as typeof base.index, lastIndex, bounds);
  const start = base.index === 0 ? "" : `…${base.index}:${base.term} `;
  const names = entries.map((entry) => (entry.membership ? nameOf(entry) : describeEntry(entry))).join(" ");
  return `${id} ${role} t${term} vote ${vote} commit ${commit} | ${start}${names}`.trimEnd();
}

export function describePeers(raft: Raft): string[] {
  return [...raft.status().peers].map(([id, { state, match, next, inflights, outgoing, isPaused }]) => {
    const way = outgoing && `, snapshot ${outgoing.snapshot.index} from byte ${outgoing.offset}`;
    const window = state === "replicate" ? `, ${inflights.count} on the way` : "";
    return `${id} ${state}${isPaused ? " (asked)" : ""} match ${match} next ${next}${window}${way ?? ""}`;
  });
}

function nameOf({ index, term }: Entry): string {
  return `${index}:${term}`;
}

function describeBody(message: Message): string {
  switch (message.type) {
    case "request-vote": {
      const kind = message.isPre ? "request-pre-vote" : "request-vote";
      const order = message.isTransfer ? " by order of the leader" : "";
      return `${kind}${order}, last ${message.lastIndex}:${message.lastTerm}`;
    }
    case "vote":
      return `${message.isPre ? "pre-vote" : "vote"} ${message.isGranted ? "yes" : "no"}`;
    case "append": {
      const entries = message.entries.length > 0 ? formatEntries(message.entries) : "nothing";
      return `append after ${message.prevIndex}:${message.prevTerm}: ${entries}, commit ${message.commit}${round(message)}`;
    }
    case "append-reply":
      return message.isRejected
        ? `append-reply no ${message.index}, perhaps ${message.hintIndex}:${message.hintTerm}${round(message)}`
        : `append-reply ok ${message.index}${round(message)}`;
    case "heartbeat":
      return `heartbeat, commit ${message.commit}${round(message)}`;
    case "heartbeat-reply":
      return `heartbeat-reply${round(message)}`;
    case "snapshot": {
      const { snapshot, offset, data } = message;
      const bytes = `${snapshot.index}:${snapshot.term} from byte ${offset}: '${Buffer.from(data).toString()}'`;
      return `snapshot ${bytes} of ${snapshot.sizeBytes} bytes`;
    }
    case "snapshot-reply":
      return `snapshot-reply ${message.index} to byte ${message.offset}`;
    case "timeout-now":
      return "timeout-now";
    case "read-request":
      return `read-request ${message.read.number}`;
    case "read-reply":
      return `read-reply ${message.read.number} at ${message.index}`;
  }
}

function round({ round: number }: { readonly round: number }): string {
  return number === 0 ? "" : ` (round ${number})`;
}
