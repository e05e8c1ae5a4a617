/**
 * What is kept of a password, in the PHC form "$scrypt$ln=15,r=8,p=1$salt$hash", and whether one is the one that was meant.
 *
 * Made and checked at the member that is asked, off its event loop, before anything is proposed. A few at a time: they take the same
 * threads as the disk. Whoever asks for a user that there is not waits as long as for one that there is.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { EtcdError } from "@lattice/etcd-proto";
import {
  PASSWORD_COST_DEFAULT,
  PASSWORD_COST_MAX,
  PASSWORDS_AT_ONCE,
  PASSWORDS_WAITING_MAX,
} from "./limits.ts";

const BLOCK_SIZE = 8;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

interface PasswordHash {
  /** Base-2 logarithm. */
  readonly cost: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export class Passwords {
  readonly #cost: number;
  readonly #nobodys: PasswordHash;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** `cost` is the base-2 logarithm of scrypt's N. */
  constructor({ cost = PASSWORD_COST_DEFAULT }: { readonly cost?: number | undefined } = {}) {
    this.#cost = cost;
    this.#nobodys = { cost, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  }

  /** Rejects with "too many requests" where too many wait already, as does `matches`. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#derive(password, { cost: this.#cost, salt });
    return `$scrypt$ln=${this.#cost},r=${BLOCK_SIZE},p=1$${unpadded(salt)}$${unpadded(hash)}`;
  }

  /** `kept` is what `hash` gave; undefined, or anything else, is no password at all, which takes as long to find out. */
  async matches(password: string, kept: string | undefined): Promise<boolean> {
    const parsed = kept === undefined ? undefined : parse(kept);
    const { cost, salt, hash } = parsed ?? this.#nobodys;
    const derived = await this.#derive(password, { cost, salt });
    return timingSafeEqual(derived, hash) && parsed !== undefined;
  }

  async #derive(password: string, { cost, salt }: Omit<PasswordHash, "hash">): Promise<Buffer> {
    await this.#turn();
    try {
      return await derive(password, { cost, salt });
    } finally {
      // Whoever waits longest takes this one's place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < PASSWORDS_AT_ONCE) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= PASSWORDS_WAITING_MAX) throw EtcdError.of("tooManyRequests");
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

function derive(password: string, { cost, salt }: Omit<PasswordHash, "hash">): Promise<Buffer> {
  const N = 2 ** cost;
  // What it takes, with room for what it takes beside.
  const options = { N, r: BLOCK_SIZE, p: 1, maxmem: 256 * N * BLOCK_SIZE };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

function parse(kept: string): PasswordHash | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=8,p=1\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]{43})$/.exec(kept);
  if (match === null) return undefined;
  const [, cost, salt, hash] = match;
  if (Number(cost) > PASSWORD_COST_MAX) return undefined;
  return { cost: Number(cost), salt: Buffer.from(salt!, "base64"), hash: Buffer.from(hash!, "base64") };
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
