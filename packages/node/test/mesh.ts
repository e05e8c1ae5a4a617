/** A few nodes in one process: real stores on a real disk, a network in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadIdentity, type Store } from "@lattice/kernel";
import { kvstore } from "@lattice/kvstore";
import { LatticeError, systemClock, systemRandom, utf8, type Clock, type Signer } from "@lattice/model";
import { MemoryNetwork } from "@lattice/net";
import { openLmdbStorage } from "@lattice/storage";
import { Role } from "@lattice/systemstore";
import { INVENTORY_TABLES, Node, placesIn } from "../src/index.ts";

export class Mesh implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "lattice-mesh-"));
  readonly network = new MemoryNetwork();
  readonly #nodes = new Set<Node>();
  readonly #clock: Clock;

  constructor(options: { clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  /** The identity of the node of that name. */
  signer(name: string): Signer {
    return loadIdentity(join(this.#directory, name, "identity.key"));
  }

  /** Where the node of that name keeps its things. */
  directoryOf(name: string): string {
    return join(this.#directory, name);
  }

  /** Starts, or restarts, the node of that name. */
  async node(name: string): Promise<Node> {
    const directory = join(this.#directory, name);
    const signer = this.signer(name);
    const path = join(directory, "meta.db");
    const node = await Node.start({
      placeOf: placesIn(directory, systemRandom),
      inventory: openLmdbStorage({ path, tables: [...INVENTORY_TABLES], durability: "journal" }),
      signer,
      transport: this.network.transport(signer.publicKey),
      types: [kvstore],
      clock: this.#clock,
      random: systemRandom,
    });
    this.#nodes.add(node);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) await node.close();
    rmSync(this.#directory, { recursive: true });
  }
}

export async function createRoot(node: Node, name = "notes"): Promise<Store> {
  return (await node.createStore({ name, type: "", parent: undefined })).store!;
}

/** `guest` joins the store of `host` and has synced when this resolves. */
export async function join2(host: Node, store: Store, guest: Node, role = Role.WRITER): Promise<Store> {
  const { token } = await host.invite(store, { role, expiresInMs: 0 });
  return redeem(guest, token);
}

export async function redeem(guest: Node, token: string): Promise<Store> {
  let last: Store | undefined;
  for await (const step of guest.join(token)) last = step.entry?.store ?? last;
  return last!;
}

export function put(store: Store, key: string, value: string): Promise<unknown> {
  return store.call("put", { key: utf8(key), value: utf8(value) });
}

export async function get(store: Store, key: string): Promise<string | undefined> {
  const { value } = (await store.call("get", { key: utf8(key) })) as { value?: Uint8Array };
  return value && new TextDecoder().decode(value);
}

/** Resolves when `condition` holds; it is looked at after each thing that a store makes durable. */
export async function until(
  stores: readonly Store[],
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  for (;;) {
    let wake = () => {};
    const changed = new Promise<void>((resolve) => (wake = resolve));
    const stop = stores.map((store) => store.listen({ witnessed: () => wake() }));
    try {
      if (await condition()) return;
      await changed;
    } finally {
      for (const end of stop) end();
    }
  }
}

/** Resolves when `condition` holds; it is looked at whenever everything else that was ready has had its turn. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets whatever is ready run, for as long as one thing leads to another in memory. */
export async function turns(count = 30): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return LatticeError.from(error).code;
  }
  return "none";
}
