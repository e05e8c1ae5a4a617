/** Reading keys as somebody who may, or an `EtcdError`. */
import { EtcdError, type etcdserverpb } from "@lattice/etcd-proto";
import type { CallContext, StreamCall } from "@lattice/grpc-front";
import type { RangeResult } from "@lattice/mvcc";
import type { AuthGate } from "../auth/auth-gate.ts";
import { refuseLeaseKeysShown, refuseRead, refuseTxn, type KeyChecker } from "../auth/key-checks.ts";
import type { EtcdMachine } from "../machine/etcd-machine.ts";
import type { RequestUser } from "../machine/request.ts";
import type { KeyReader } from "../services/kv-service.ts";
import type { WatchedRange, WatchPermit } from "../services/watch-service.ts";

type User = RequestUser | undefined;

export class AuthorizedReader implements KeyReader {
  readonly #machine: EtcdMachine;
  readonly #gate: AuthGate;
  readonly #checker: KeyChecker;

  constructor(machine: EtcdMachine, gate: AuthGate) {
    this.#machine = machine;
    this.#gate = gate;
    this.#checker = { auth: machine.auth, leaseKeys: (id) => machine.keys.leaseKeys(id) };
  }

  *range(request: etcdserverpb.RangeRequest, user: User): Generator<void, RangeResult> {
    throwIf(refuseRead(this.#checker, user, request));
    const result = yield* this.#machine.keys.rangeInSteps(request);
    if (result instanceof EtcdError) throw result;
    // What he may may have changed meanwhile.
    throwIf(refuseRead(this.#checker, user, request));
    return result;
  }

  txn(request: etcdserverpb.TxnRequest, user: User): etcdserverpb.TxnResponse {
    throwIf(refuseTxn(this.#checker, user, request));
    const response = this.#machine.keys.readTxn(request);
    if (response instanceof EtcdError) throw response;
    return response;
  }

  async watchPermit(call: StreamCall, range: WatchedRange): Promise<WatchPermit> {
    const { auth } = this.#machine;
    const name = await this.#gate.nameOf(call);
    return () => {
      const user = name === undefined ? undefined : { name, authRevision: auth.revision };
      return refuseRead(this.#checker, user, range);
    };
  }

  async leaseKeys(call: CallContext, lease: bigint): Promise<readonly Uint8Array[]> {
    return await this.#gate.asCaller(call, (user) => {
      throwIf(refuseLeaseKeysShown(this.#checker, user, lease));
      return [...this.#checker.leaseKeys(lease)];
    });
  }
}

function throwIf(refusal: EtcdError | undefined): void {
  if (refusal !== undefined) throw refusal;
}
