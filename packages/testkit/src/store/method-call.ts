/** How the checks call a store type's methods: with requests of all kinds, and with an eye on how they fail. */
import { LatticeError } from "@lattice/model";
import type { StoreMethod } from "@lattice/store";
import fc from "fast-check";
import { anyMessage } from "../message/any-message.ts";
import { inWords } from "../message/in-words.ts";
import { ContractViolation, errorInWords } from "./contract-violation.ts";
import { holdForAll } from "./hold-for-all.ts";
import { MemoryReplica } from "./memory-replica.ts";
import { knownFrom, opDag, writeOps, written, type OpNode } from "./op-dag.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** A store that holds some ops, and a request to it. */
export interface CallCase {
  readonly nodes: readonly OpNode<any>[];
  readonly request: (replica: MemoryReplica) => object;
}

interface CallsOptions<Case> {
  readonly under: StoreUnderTest;
  readonly method: StoreMethod;
  /** What else makes a case. */
  readonly casesOf: (calls: fc.Arbitrary<CallCase>) => fc.Arbitrary<Case>;
}

/** As `holdForAll`, of calls: on the empty store, which is what everybody meets first, and then on random ones. */
export async function holdForCalls<Case extends CallCase>(
  { under, method, casesOf }: CallsOptions<Case>,
  property: (found: Case) => Promise<void>,
): Promise<void> {
  const request = requestCases(under, method);
  for (const nodes of [fc.constant([]), opDag(under)]) {
    await holdForAll(under, casesOf(fc.record({ nodes, request })), property);
  }
}

/** Requests as the suite was given them, empty ones, and random ones of values from the ops. */
function requestCases(under: StoreUnderTest, method: StoreMethod): fc.Arbitrary<CallCase["request"]> {
  const given = under.requests?.[method.info.localName];
  const random = anyMessage(method.info.I).map((draft): CallCase["request"] => {
    return (replica) => draft(knownFrom(replica.log));
  });
  const empty = fc.constant((): object => ({}));
  const requests: fc.Arbitrary<CallCase["request"]>[] = [random, random, empty];
  if (given !== undefined) {
    const asGiven = given.map((writing): CallCase["request"] => {
      return (replica) => written(writing, { replica: () => replica, world: replica.log });
    });
    requests.push(asGiven, asGiven, asGiven);
  }
  return fc.oneof(...requests);
}

/** The copy of somebody who has read all of it, and the message to call a method with. */
export function beginCall(
  under: StoreUnderTest,
  method: StoreMethod,
  { nodes, request }: CallCase,
): { replica: MemoryReplica; message: object } {
  const replica = new MemoryReplica(under.type, { author: "reader" });
  for (const entry of writeOps(under.type, nodes)) replica.apply(entry);
  return { replica, message: method.info.I.create(request(replica)) as object };
}

/** Of a method: the outcome of one call, where it may only fail in the ways that its caller is promised. */
export type Outcome = { readonly reply: Uint8Array } | { readonly refusal: LatticeError };

export async function outcomeOf(method: StoreMethod, request: object, call: () => unknown): Promise<Outcome> {
  try {
    return { reply: encodeReply(method, await call()) };
  } catch (error) {
    return { refusal: promisedError(method, request, error) };
  }
}

/** A reply, or an event of a stream, as it goes over the wire. */
export function encodeReply({ info }: StoreMethod, reply: unknown): Uint8Array {
  const { O: type, localName } = info;
  try {
    const message = type.create(reply as object);
    if (type.is(message)) return type.toBinary(message);
  } catch {
    // Said below.
  }
  throw new ContractViolation(`${localName} gave what is no ${type.typeName}: ${inWords(reply)}`);
}

/** Passes on a `LatticeError` of a code that says what is wrong; throws where it is anything else. */
export function promisedError({ info }: StoreMethod, request: object, error: unknown): LatticeError {
  if (error instanceof ContractViolation) throw error;
  if (error instanceof LatticeError && error.code !== "internal") return error;
  throw new ContractViolation(
    `${info.localName} failed with ${errorInWords(error)}, which is no LatticeError that says what is wrong. The request: ${inWords(request)}`,
    { cause: error },
  );
}

/** Throws where no request of a whole check was answered: then it has shown nothing. */
export function assertAnswered(under: StoreUnderTest, method: StoreMethod, answeredCount: number): void {
  if (answeredCount > 0) return;
  const { localName } = method.info;
  throw new ContractViolation(
    `no request to ${localName} of ${under.type.type} was answered; give describeStore some that are: requests: { ${localName}: … }`,
  );
}

export type MethodOf<Kind extends StoreMethod["kind"]> = Extract<StoreMethod, { readonly kind: Kind }>;

/** The methods of one kind. */
export function methodsOf<Kind extends StoreMethod["kind"]>(
  under: StoreUnderTest,
  kind: Kind,
): readonly MethodOf<Kind>[] {
  return [...under.type.methods.values()].filter((method): method is MethodOf<Kind> => method.kind === kind);
}
