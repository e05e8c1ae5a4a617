/** The token of a user: asked for before the first call, and again when the cluster does not know it any more. */
import { etcdserverpb, EtcdErrors } from "@lattice/etcd-proto";
import type { MetadataFields } from "./connection.ts";

export interface UserPassword {
  readonly name: string;
  readonly password: string;
}

const NO_METADATA: MetadataFields = {};

export class AuthToken {
  readonly #user: UserPassword | undefined;
  readonly #authenticate: (request: Uint8Array) => Promise<Uint8Array>;
  #metadata: Promise<MetadataFields> | undefined;

  /** `authenticate` calls the method of that name. */
  constructor(user: UserPassword | undefined, authenticate: (request: Uint8Array) => Promise<Uint8Array>) {
    this.#user = user;
    this.#authenticate = authenticate;
  }

  metadata(): Promise<MetadataFields> {
    if (this.#user === undefined) return Promise.resolve(NO_METADATA);
    this.#metadata ??= this.#draw(this.#user);
    this.#metadata.catch(() => (this.#metadata = undefined));
    return this.#metadata;
  }

  /** Whether the call can succeed with a new token, which is then asked for. */
  isOutdatedBy(refusal: string): boolean {
    const isAboutToken =
      refusal === EtcdErrors.invalidAuthToken[1] || refusal === EtcdErrors.authOldRevision[1];
    if (this.#user === undefined || !isAboutToken) return false;
    this.#metadata = undefined;
    return true;
  }

  async #draw(user: UserPassword): Promise<MetadataFields> {
    const request = etcdserverpb.AuthenticateRequest.toBinary(user);
    const { token } = etcdserverpb.AuthenticateResponse.fromBinary(await this.#authenticate(request));
    return { token };
  }
}
