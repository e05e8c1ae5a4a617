/**
 * The history with what watchers saw of it: who wrote what without having been answered, and which keys went with their lease.
 * So the checker has little left to search for.
 */
import type { EtcdAction, EtcdEntry } from "../../../../packages/check/src/index.ts";
import type { RecordedOperation } from "../history.ts";
import type { KeptLease } from "../load/lease-keeper.ts";
import type { SeenEvent } from "../load/watcher.ts";
import type { SeenRevisions } from "./seen-revisions.ts";

/** Of what nobody asked for. */
const LESSOR = 98;
const WATCHERS = 99;

export interface WholeHistory {
  readonly operations: readonly RecordedOperation[];
  /** What was acknowledged and not seen, or seen and not asked for. */
  readonly faults: readonly string[];
}

export function wholeHistory(
  recorded: readonly RecordedOperation[],
  leases: readonly KeptLease[],
  seen: SeenRevisions,
): WholeHistory {
  const eventByValue = new Map<string, SeenEvent>();
  for (const change of seen.changes.values()) {
    for (const event of change) if (event.type === "put") eventByValue.set(event.value, event);
  }
  const operations: RecordedOperation[] = [];
  for (const operation of recorded) {
    if (operation.result !== undefined) operations.push(operation);
    else operations.push(...withWhatWasSeen(operation, eventByValue));
  }
  operations.push(...expiries(leases, seen));
  return { operations, faults: [...unseen(recorded, seen), ...unasked(recorded, eventByValue)] };
}

/** A write without an answer, and that it was seen; nothing where nobody saw it, for then it was not done while anybody looked. */
function withWhatWasSeen(
  operation: RecordedOperation,
  eventByValue: ReadonlyMap<string, SeenEvent>,
): readonly RecordedOperation[] {
  const values = putsOf(operation).map(({ value }) => value);
  // Deletions alone cannot be told from those of others.
  if (values.length === 0) return [operation];
  const event = values.map((value) => eventByValue.get(value)).find((found) => found !== undefined);
  if (event === undefined) return [];
  const { key, revision, at } = event;
  const entry: EtcdEntry = { ...event, modRevision: revision };
  const { value, createRevision, modRevision, version } = entry;
  const sight: RecordedOperation = {
    client: WATCHERS,
    op: { type: "get", key },
    result: { type: "get", revision, entry: { value, createRevision, modRevision, version } },
    calledAt: operation.calledAt,
    returnedAt: at,
  };
  return [operation, sight];
}

/** Keys that went with their lease, at the revisions at which that was seen. */
function expiries(leases: readonly KeptLease[], seen: SeenRevisions): RecordedOperation[] {
  const leaseByKey = new Map(leases.map((lease) => [lease.key, lease]));
  const found: RecordedOperation[] = [];
  for (const [revision, change] of seen.changes) {
    const [event] = change;
    const lease = event?.type === "delete" ? leaseByKey.get(event.key) : undefined;
    if (event === undefined || lease === undefined) continue;
    found.push({
      client: LESSOR,
      op: { type: "delete", key: event.key },
      result: { type: "delete", revision, deletedCount: 1 },
      calledAt: lease.grantedAt,
      returnedAt: event.at,
    });
  }
  return found;
}

/** Every write that was acknowledged was seen at its revision. */
function unseen(recorded: readonly RecordedOperation[], seen: SeenRevisions): string[] {
  const faults: string[] = [];
  for (const operation of recorded) {
    const { result } = operation;
    if (result === undefined || (result.type === "txn" && !result.succeeded)) continue;
    const change = seen.changes.get(result.revision);
    for (const { key, value } of putsOf(operation)) {
      if (change?.some((event) => event.key === key && event.value === value) !== true) {
        faults.push(`${key} = ${value} was acknowledged at revision ${result.revision}, and nobody saw it`);
      }
    }
  }
  return faults;
}

function unasked(
  recorded: readonly RecordedOperation[],
  eventByValue: ReadonlyMap<string, SeenEvent>,
): string[] {
  const asked = new Set(recorded.flatMap((operation) => putsOf(operation).map(({ value }) => value)));
  return [...eventByValue.values()]
    .filter(({ value }) => !asked.has(value))
    .map(
      ({ key, value, revision }) => `${key} = ${value} was seen at revision ${revision}, and nobody wrote it`,
    );
}

function putsOf({ op }: RecordedOperation): Extract<EtcdAction, { type: "put" }>[] {
  const actions = op.type === "txn" ? op.success : [op];
  return actions.filter((action) => action.type === "put");
}
