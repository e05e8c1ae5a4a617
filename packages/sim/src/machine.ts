/** A machine that runs a node: its key, its disk and its clock outlive the node's processes. */
import { bytesKey, LatticeError, signerFromSeed, SEED_BYTES, type PubKey, type Signer } from "@lattice/model";
import { INVENTORY_TABLES, Node } from "@lattice/node";
import type { Store } from "@lattice/kernel";
import type { StoreType } from "@lattice/store";
import { SimDisk } from "./disk/sim-disk.ts";
import { simPlace } from "./disk/sim-place.ts";
import { ClockError, SimClock } from "./sim-clock.ts";
import type { Prng } from "./prng.ts";
import type { SimNetwork } from "./network/sim-network.ts";
import type { SimTransport } from "./network/sim-transport.ts";
import type { Scheduler } from "./scheduler.ts";

export interface MachineOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly network: SimNetwork;
  readonly random: Prng;
  readonly types: readonly StoreType[];
  /** Of another machine, whose disk was copied. */
  readonly signer?: Signer;
}

/** One process: what it was given ends with it. */
interface Life {
  readonly number: number;
  readonly clock: SimClock;
  readonly transport: SimTransport;
  node: Node | undefined;
}

export class Machine {
  readonly #options: MachineOptions;
  readonly name: string;
  readonly signer: Signer;
  readonly disk: SimDisk;
  readonly clockError = new ClockError();
  #life: Life | undefined;
  #lives = 0;
  /** Whether it has left for good. */
  isGone = false;
  /** Whether its log was damaged once. */
  isDamaged = false;
  /** Whether a disk error has met this process: a store may have closed itself since. A full disk is none. */
  hadDiskFault = false;

  constructor(options: MachineOptions) {
    const { name, scheduler, random } = options;
    this.#options = options;
    this.name = name;
    this.signer = options.signer ?? signerFromSeed(random.fork("key").bytes(SEED_BYTES));
    this.disk = new SimDisk({ scheduler, random: random.fork("disk"), owner: name });
  }

  get key(): PubKey {
    return this.signer.publicKey;
  }

  /** Undefined while it is off, starts or stops. */
  get node(): Node | undefined {
    return this.#life?.node;
  }

  get isOn(): boolean {
    return this.#life !== undefined;
  }

  get lives(): number {
    return this.#lives;
  }

  get transport(): SimTransport | undefined {
    return this.#life?.transport;
  }

  get clock(): SimClock | undefined {
    return this.#life?.clock;
  }

  stores(): Store[] {
    return this.node?.entries().flatMap(({ store }) => store ?? []) ?? [];
  }

  storeOf(genesisHash: Uint8Array): Store | undefined {
    return this.stores().find((store) => bytesKey(store.genesisHash) === bytesKey(genesisHash));
  }

  /** Resolves when its stores are open; undefined where it died before that. */
  async start(): Promise<Node | undefined> {
    if (this.#life !== undefined || this.isGone) return undefined;
    const { name, scheduler, network, random, types } = this.#options;
    this.#lives += 1;
    const clock = new SimClock({ scheduler, error: this.clockError, owner: name });
    const life: Life = {
      number: this.#lives,
      clock,
      transport: network.attach(name, this.key),
      node: undefined,
    };
    this.#life = life;
    this.hadDiskFault = this.disk.fault === "failing";
    try {
      const node = await Node.start({
        placeOf: (id) => simPlace({ disk: this.disk, isAlive: () => this.#life === life }, id),
        inventory: this.disk.open("meta", INVENTORY_TABLES),
        signer: this.signer,
        transport: life.transport,
        types,
        clock,
        random: random.fork(`life ${life.number}`),
      });
      if (this.#life !== life) return undefined;
      life.node = node;
      return node;
    } catch (error) {
      if (this.#life !== life) return undefined;
      this.crash({ machine: false });
      throw LatticeError.from(error);
    }
  }

  /** In good order. */
  async stop(): Promise<void> {
    const life = this.#life;
    const node = life?.node;
    if (life === undefined || node === undefined) return;
    // Nothing is asked of it any more.
    life.node = undefined;
    // A full disk at the end loses what nobody was told of.
    await node.close().catch(() => undefined);
    if (this.#life === life) this.#end({ machine: false });
  }

  crash(how: { machine: boolean }): void {
    if (this.#life === undefined) return;
    this.#end(how);
  }

  #end(how: { machine: boolean }): void {
    this.#life?.clock.stop();
    this.#life = undefined;
    this.#options.network.lose(this.name, how);
    this.disk.crash(how);
  }
}
