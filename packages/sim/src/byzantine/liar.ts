/**
 * Somebody who has a member's key and a member's log, and keeps to no rule: what every attack is made with.
 *
 * A liar's machine runs the honest node too, which is where its log comes from. What the liar does itself it does from
 * hosts of its own, which end with the machine.
 */
import {
  HASH_BYTES,
  signerFromSeed,
  storeIdOf,
  type PubKey,
  type Signer,
  type StoreId,
} from "@lattice/model";
import type { Store } from "@lattice/kernel";
import { JOIN_PROTOCOL, SYNC_PROTOCOL } from "@lattice/sync";
import { mayAdminister, mayWrite, type Role } from "@lattice/systemstore";
import type { Machine } from "../machine.ts";
import { addressOf } from "../network/sim-network.ts";
import type { SimTransport } from "../network/sim-transport.ts";
import { EPOCH_MS } from "../sim-clock.ts";
import { Prng } from "../prng.ts";
import { Violation } from "../violation.ts";
import type { World } from "../world.ts";
import { forbid } from "./forbidden.ts";
import { Forger, type Forgery } from "./forger.ts";
import { Talk, type Answer } from "./talk.ts";

/** Thrown out of an attack whose liar has been retired. */
export class Silenced extends Error {}

/** By what they do. */
export type Attacks = Readonly<Record<string, (liar: Liar) => Promise<void>>>;

export interface LiarOptions {
  readonly world: World;
  readonly machine: Machine;
  readonly victim: Machine;
  readonly store: Store;
  readonly seed: number;
}

export class Liar {
  readonly world: World;
  readonly machine: Machine;
  readonly victim: Machine;
  /** The liar's own copy. */
  readonly store: Store;
  readonly random: Prng;
  readonly forger: Forger;
  readonly #name: string;
  readonly #transports = new Map<string, SimTransport>();
  readonly #talks: Talk[] = [];
  #hushed: Machine[] = [];

  constructor({ world, machine, victim, store, seed }: LiarOptions) {
    this.world = world;
    this.machine = machine;
    this.victim = victim;
    this.store = store;
    this.random = new Prng(BigInt(seed)).fork("attack");
    this.#name = `${machine.name}/${seed.toString(16)}`;
    this.forger = new Forger({
      store,
      signer: machine.signer,
      random: this.random.fork("forgeries"),
      nowMs: () => this.nowMs,
    });
  }

  get signer(): Signer {
    return this.machine.signer;
  }

  get storeId(): StoreId {
    return storeIdOf(this.store.genesisHash);
  }

  /** The greatest that anybody gives it: the liar's own copy may lag behind. */
  get role(): Role {
    const copies = this.world.honest.flatMap((machine) => machine.storeOf(this.store.genesisHash) ?? []);
    const roles = [this.store, ...copies].map(({ replica }) => replica.roles.roleNow(this.signer.publicKey));
    return Math.max(...roles);
  }

  get isWriter(): boolean {
    return mayWrite(this.role);
  }

  /** Of the store's own members: a child has none. */
  get isAdmin(): boolean {
    return mayAdminister(this.role);
  }

  get nowMs(): number {
    return Math.floor(EPOCH_MS + this.world.nowMs);
  }

  /** The machines of the honest, the victim first. */
  get victims(): readonly Machine[] {
    const others = this.world.honest.filter((machine) => machine !== this.victim);
    return [this.victim, ...this.random.shuffled(others)];
  }

  /** A key that is nobody's. */
  stranger(): Signer {
    return signerFromSeed(this.random.bytes(HASH_BYTES));
  }

  tell(text: string): void {
    this.world.tell(this.machine, text);
  }

  /** None of these may ever be in an honest log; before that time, where one is given. */
  forbid(...forgeries: readonly Forgery[]): void {
    for (const { intention } of forgeries) forbid(this.world, intention.id, undefined);
  }

  forbidUntil(untilMs: number, ...forgeries: readonly Forgery[]): void {
    for (const { intention } of forgeries) forbid(this.world, intention.id, untilMs);
  }

  /** Somebody was told what it must not be told. */
  leaked(what: string): void {
    this.world.fail(new Violation("secrecy", `${this.victim.name}: ${what}`));
  }

  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.world.queue.after(ms, `attack ${this.machine.name}`, resolve);
    });
    if (this.machine.isGone) throw new Silenced();
  }

  /**
   * A session with a machine, up to the first frame; undefined where it cannot be reached. The liar's own node hears
   * nothing of that machine meanwhile, since it would take the session's place.
   */
  async talk(
    to: Machine = this.victim,
    options: { signer?: Signer; answer?: Answer; protocol?: string } = {},
  ): Promise<Talk | undefined> {
    const { signer = this.signer, answer, protocol = SYNC_PROTOCOL } = options;
    if (this.machine.isGone) throw new Silenced();
    if (signer === this.signer && protocol === SYNC_PROTOCOL) this.#hush(to);
    const transport = this.#transport(signer);
    const channel = await transport
      .open(to.key, protocol, { addresses: [addressOf(to.name)] })
      .catch(() => undefined);
    if (this.machine.isGone) throw new Silenced();
    if (channel === undefined) return undefined;
    const talk = new Talk({ store: this.store, channel, random: this.random.fork("talk"), answer });
    this.#talks.push(talk);
    return talk;
  }

  join(to: Machine = this.victim, signer: Signer = this.signer): Promise<Talk | undefined> {
    return this.talk(to, { signer, protocol: JOIN_PROTOCOL });
  }

  /** A session that is live, as an honest one would be. */
  async live(to: Machine = this.victim, answer?: Answer): Promise<Talk | undefined> {
    const talk = await this.talk(to, { ...(answer && { answer }) });
    await talk?.handshake();
    return talk;
  }

  /** Sends to one machine, in a session that is otherwise honest, and gives it time to ask back. */
  async send(forgeries: readonly Forgery[], to: Machine = this.victim, forMs = 2_000): Promise<void> {
    const talk = await this.live(to);
    await talk?.offer(forgeries);
    await this.sleep(forMs);
    talk?.hangUp();
  }

  end(): void {
    for (const talk of this.#talks) talk.hangUp();
    for (const transport of this.#transports.values()) void transport.close();
    for (const machine of this.#hushed) {
      this.world.network.heal(this.machine.name, machine.name);
      this.world.network.heal(machine.name, this.machine.name);
    }
    this.#hushed = [];
  }

  #hush(machine: Machine): void {
    if (this.#hushed.includes(machine)) return;
    this.#hushed.push(machine);
    this.world.network.cut(this.machine.name, machine.name);
    this.world.network.cut(machine.name, this.machine.name);
  }

  #transport({ publicKey }: { publicKey: PubKey }): SimTransport {
    const key = Buffer.from(publicKey).toString("hex");
    let transport = this.#transports.get(key);
    if (transport === undefined) {
      transport = this.world.network.attach(`${this.#name}-${this.#transports.size}`, publicKey);
      this.#transports.set(key, transport);
    }
    return transport;
  }
}
