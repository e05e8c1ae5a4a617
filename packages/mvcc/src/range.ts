/**
 * Reading keys, with every option of a `RangeRequest`, as etcd does it:
 *
 *  1. `count` is that of all keys in the range at the revision, whatever the limit and the bounds on their revisions.
 *  2. Where the order has to be made or revisions have bounds, the limit applies to what is left; else to the keys in their order.
 *     A target without an order is ascending, but is sorted after the limit has been applied.
 *  3. Of versions that are equal in the order, keys ascend.
 */
import { EtcdError, etcdserverpb, type mvccpb } from "@lattice/etcd-proto";
import { assert, compareBytes } from "@lattice/model";
import { keyRange, rangeAfter, type KeyRange } from "./key-range.ts";
import { decodeKeyValue, encodeKeyValue, toMessage } from "./key-value.ts";
import { KEYS_PER_STEP } from "./limits.ts";
import { withoutValue, type Reading, type Version } from "./reading.ts";
import { responseHeader } from "./response-header.ts";

const { RangeRequest_SortOrder: SortOrder, RangeRequest_SortTarget: SortTarget } = etcdserverpb;

type RangeRequest = etcdserverpb.RangeRequest;

export interface RangeResult {
  /** Of the key space, not the one that was read. */
  readonly revision: number;
  /** Each the bytes of a `mvccpb.KeyValue`. */
  readonly keyValues: readonly Uint8Array[];
  readonly more: boolean;
  readonly count: number;
}

/** All at once: `next` has nothing to wait for. */
export function range(reading: Reading, request: RangeRequest): RangeResult | EtcdError {
  const steps = rangeInSteps(() => reading, request);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * The same in steps of at most KEYS_PER_STEP keys, between which others may write: what is read stays the revision at which it
 * began. `open` gives the state as it is at each step. If that revision is compacted meanwhile it begins again, or refuses where it was asked for.
 */
export function* rangeInSteps(
  open: () => Reading,
  request: RangeRequest,
): Generator<void, RangeResult | EtcdError> {
  for (;;) {
    const reading = open();
    const revision = revisionOf(reading, request.revision);
    if (revision instanceof EtcdError) return revision;
    if (request.rangeEnd.length === 0) return rangeOfOne(reading, request, revision);
    const result = yield* new RangeRead(open, reading, request, revision).run();
    if (result !== undefined) return result;
  }
}

/** The one that is read; not every one can be. */
function revisionOf(reading: Reading, wanted: bigint): number | EtcdError {
  if (wanted > BigInt(reading.revision)) return EtcdError.of("futureRev");
  const revision = wanted <= 0n ? reading.revision : Number(wanted);
  return revision < reading.compactRevision ? EtcdError.of("compacted") : revision;
}

/** Of a transaction that has looked at what it reads, so that there is nothing to refuse any more. */
export function readInTxn(reading: Reading, request: RangeRequest): etcdserverpb.RangeResponse {
  const result = range(reading, request);
  assert(!(result instanceof EtcdError), "what a transaction reads can be read");
  return rangeResponse(result);
}

export function rangeResponse(result: RangeResult): etcdserverpb.RangeResponse {
  return {
    header: responseHeader(result.revision),
    kvs: result.keyValues.map(messageOf),
    more: result.more,
    count: BigInt(result.count),
  };
}

export function messageOf(keyValue: Uint8Array): mvccpb.KeyValue {
  return toMessage(decodeKeyValue(keyValue));
}

/** Most reads are of one key, for which there is nothing to order, and no limit but that which is none. */
function rangeOfOne(reading: Reading, request: RangeRequest, revision: number): RangeResult {
  const row = reading.row(request.key);
  const version = row && reading.versionAt(request.key, row, revision);
  const isWanted = version !== undefined && !request.countOnly && isWithinBounds(version, request);
  return {
    revision: reading.revision,
    keyValues: isWanted ? [keyValueFor(reading, version, request)] : [],
    more: false,
    count: version === undefined ? 0 : 1,
  };
}

function keyValueFor(reading: Reading, version: Version, { keysOnly }: RangeRequest): Uint8Array {
  return keysOnly ? encodeKeyValue(withoutValue(version)) : reading.keyValueOf(version);
}

class RangeRead {
  readonly #open: () => Reading;
  readonly #request: RangeRequest;
  readonly #revision: number;
  readonly #currentRevision: number;
  readonly #limit: number;
  readonly #versions: Version[] = [];
  #reading: Reading;
  #count = 0;

  constructor(open: () => Reading, reading: Reading, request: RangeRequest, revision: number) {
    this.#open = open;
    this.#reading = reading;
    this.#request = request;
    this.#revision = revision;
    this.#currentRevision = reading.revision;
    this.#limit = request.limit > 0n ? Number(request.limit) : Infinity;
  }

  /** Undefined where the revision has been compacted meanwhile. */
  *run(): Generator<void, RangeResult | undefined> {
    if (!(yield* this.#find())) return undefined;
    const within = hasBounds(this.#request)
      ? this.#versions.filter((version) => isWithinBounds(version, this.#request))
      : this.#versions;
    const wanted = sorted(within, this.#request);
    const more = wanted.length > this.#limit;
    const keyValues: Uint8Array[] = [];
    for (const version of more ? wanted.slice(0, this.#limit) : wanted) {
      if (keyValues.length % KEYS_PER_STEP === KEYS_PER_STEP - 1 && !(yield* this.#pause())) return undefined;
      keyValues.push(keyValueFor(this.#reading, version, this.#request));
    }
    return { revision: this.#currentRevision, keyValues, more, count: this.#count };
  }

  *#find(): Generator<void, boolean> {
    let rest: KeyRange | undefined = keyRange(this.#request);
    for (;;) {
      rest = this.#findSome(rest);
      if (rest === undefined) return true;
      if (!(yield* this.#pause())) return false;
    }
  }

  /** Gives what is left of the range. */
  #findSome(range: KeyRange): KeyRange | undefined {
    let left = KEYS_PER_STEP;
    for (const [key, row] of this.#reading.rows(range)) {
      this.#see(this.#reading.versionAt(key, row, this.#revision));
      if (--left === 0) return rangeAfter(range, key);
    }
    return undefined;
  }

  #see(version: Version | undefined): void {
    if (version === undefined) return;
    this.#count += 1;
    if (this.#request.countOnly) return;
    // One more, to know that there is more.
    if (isLimitedAtOnce(this.#request) && this.#versions.length > this.#limit) return;
    const isSortedByValue = this.#request.sortTarget === SortTarget.VALUE;
    this.#versions.push(
      isSortedByValue ? { ...version, keyValue: this.#reading.keyValueOf(version) } : version,
    );
  }

  *#pause(): Generator<void, boolean> {
    yield;
    this.#reading = this.#open();
    return this.#revision >= this.#reading.compactRevision;
  }
}

/** Rule 2. */
function isLimitedAtOnce(request: RangeRequest): boolean {
  return request.sortOrder === SortOrder.NONE && !hasBounds(request);
}

function hasBounds(request: RangeRequest): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return (
    minModRevision !== 0n || maxModRevision !== 0n || minCreateRevision !== 0n || maxCreateRevision !== 0n
  );
}

function isWithinBounds({ modRevision, createRevision }: Version, request: RangeRequest): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return (
    (minModRevision === 0n || modRevision >= minModRevision) &&
    (maxModRevision === 0n || modRevision <= maxModRevision) &&
    (minCreateRevision === 0n || createRevision >= minCreateRevision) &&
    (maxCreateRevision === 0n || createRevision <= maxCreateRevision)
  );
}

/** They come in the order of their keys. */
function sorted(versions: Version[], { sortOrder, sortTarget }: RangeRequest): Version[] {
  if (sortTarget === SortTarget.KEY) return sortOrder === SortOrder.DESCEND ? versions.reverse() : versions;
  const compare = comparisons[sortTarget];
  if (compare === undefined) return versions;
  return versions.sort(sortOrder === SortOrder.DESCEND ? (a, b) => compare(b, a) : compare);
}

const comparisons: Readonly<Partial<Record<number, (a: Version, b: Version) => number>>> = {
  [SortTarget.VERSION]: (a, b) => a.version - b.version,
  [SortTarget.CREATE]: (a, b) => a.createRevision - b.createRevision,
  [SortTarget.MOD]: (a, b) => a.modRevision - b.modRevision,
  [SortTarget.VALUE]: (a, b) => compareBytes(valueOf(a), valueOf(b)),
};

function valueOf({ keyValue }: Version): Uint8Array {
  return decodeKeyValue(keyValue!).value;
}
