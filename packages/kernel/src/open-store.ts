/**
 * Opens a store where it lies: the log, the truth, and the state, which can be had again from it. Driver.
 *
 * The state is written without waiting for the disk. After a crash of the process it is whole all the same; after a
 * crash of the machine it may be anything, so the log notes, durably, on which boot of the machine it was opened, and
 * takes the note back when it was closed in order.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  decodeIntention,
  equalBytes,
  HybridClock,
  isGenesis,
  LatticeError,
  systemClock,
  systemRandom,
  utf8,
  type Clock,
  type Hash,
  type Random,
  type Signer,
} from "@lattice/model";
import type { Storage } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import type { RoleSource } from "@lattice/systemstore";
import { directoryPlace } from "./directory-place.ts";
import { createGenesis, parseGenesis, verifyGenesis } from "./genesis.ts";
import { loadIdentity } from "./identity.ts";
import type { Offered } from "./ingest.ts";
import { WitnessLog } from "./log.ts";
import type { StorePlace } from "./place.ts";
import { corrupt } from "./records.ts";
import { Store } from "./store.ts";
import { stateTables } from "./tables.ts";

const FORMAT = "1";
const FORMAT_KEY = utf8("format");
const INSTANCE_KEY = utf8("instance");
const OPENED_KEY = utf8("opened-on-boot");
const INSTANCE_BYTES = 8;

export interface OpenStoreAtOptions<Client> {
  readonly place: StorePlace;
  readonly type: StoreType<Client>;
  readonly signer: Signer;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Shared by the stores of one node. */
  readonly hlc?: HybridClock;
  /** Of the root, for a child store. */
  readonly roles?: RoleSource;
  /** With which an empty directory begins. Default: a genesis of one's own. */
  readonly genesis?: Offered;
  /** Of the store that must be there, unless `genesis` is given. Default: whichever is there, or a new one. */
  readonly genesisHash?: Hash;
}

export interface OpenStoreOptions<Client> extends Omit<OpenStoreAtOptions<Client>, "place" | "signer"> {
  /** Made if there is none. */
  readonly directory: string;
  /** Default: `identity.key` in the directory, made if there is none. */
  readonly signer?: Signer;
}

/** `openStoreAt` in a directory. */
export async function openStore<Client>(options: OpenStoreOptions<Client>): Promise<Store<Client>> {
  const { directory } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const signer = options.signer ?? loadIdentity(join(directory, "identity.key"));
  return openStoreAt({ ...options, signer, place: directoryPlace(directory, options.random) });
}

/**
 * Opens a store, or begins one in an empty place. Throws `corrupt` for a damaged log, `in-use` while another process
 * has it, `failed-precondition` for a store of another type.
 */
export async function openStoreAt<Client>(options: OpenStoreAtOptions<Client>): Promise<Store<Client>> {
  const { place, type, signer } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const hlc = options.hlc ?? new HybridClock(clock);
  const mustExist = options.genesisHash !== undefined && options.genesis === undefined;
  if (mustExist && !place.exists()) throw notThere(place, "is gone");
  const log = place.openLog();
  let state: Storage | undefined;
  try {
    if (isEmpty(log)) {
      if (mustExist) throw notThere(place, "is empty");
      begin(log, options.genesis ?? createGenesis({ type, signer, hlc, random }), random);
    }
    checkFormat(log);
    checkGenesis(log, options);
    const instance = readInstance(log);
    const boot = place.bootId();
    const isSound = stateIsSound(log, boot);
    if (!isSound) place.removeState();
    // Not where it is noted already: after a crash there may be no room for it.
    if (openedOn(log) !== boot) {
      setOpened(log, boot);
      await log.flush();
    }
    state = place.openState(stateTables(type));
    const onStateClosed = () => setOpened(log, undefined);
    const store = new Store({
      log,
      state,
      type,
      signer,
      clock,
      hlc,
      instance,
      roles: options.roles,
      onStateClosed,
    });
    await store.catchUp();
    return store;
  } catch (error) {
    await state?.close().catch(() => undefined);
    await log.close().catch(() => undefined);
    throw error;
  }
}

function notThere({ name }: StorePlace, what: string): LatticeError {
  return new LatticeError("corrupt", `${name} ${what}: stop the node and put back the one that was there`);
}

/** Before the state is opened, with tables of another type perhaps. */
function checkGenesis<Client>(log: Storage, { type, genesisHash, place }: OpenStoreAtOptions<Client>): void {
  const { intention } = new WitnessLog(log).at(1);
  if (genesisHash !== undefined && !equalBytes(intention.hash, genesisHash))
    throw notThere(place, "is of another store");
  const { storeType } = parseGenesis(intention);
  if (storeType === type.type) return;
  throw new LatticeError("failed-precondition", `this is a ${storeType}, not a ${type.type}`);
}

function readInstance(log: Storage): Uint8Array {
  const instance = log.table("meta").get(INSTANCE_KEY);
  if (instance?.length !== INSTANCE_BYTES) throw corrupt("meta", INSTANCE_KEY, "no name of this copy");
  return instance;
}

/** Writes the genesis into an empty log. */
export function begin(log: Storage, genesis: Offered, random: Random): void {
  const intention = decodeIntention(genesis.body);
  if (typeof intention === "string" || !isGenesis(intention)) {
    throw new LatticeError("invalid-argument", "a store begins with a genesis");
  }
  verifyGenesis(genesis, intention.hash);
  log.transaction((table) => {
    table("meta").put(FORMAT_KEY, utf8(FORMAT));
    table("meta").put(INSTANCE_KEY, random.bytes(INSTANCE_BYTES));
  });
  new WitnessLog(log).write((writer) => {
    writer.append(intention, { wallMs: 0, signature: genesis.signature });
  });
}

function isEmpty(log: Storage): boolean {
  return !log.table("meta").has(FORMAT_KEY) && log.table("witness").count() === 0;
}

function checkFormat(log: Storage): void {
  const format = log.table("meta").get(FORMAT_KEY);
  const text = format === undefined ? "" : new TextDecoder().decode(format);
  if (text === "") throw corrupt("meta", FORMAT_KEY, "the row is missing");
  if (text !== FORMAT) {
    throw new LatticeError(
      "failed-precondition",
      `the store has format ${text}, this version reads ${FORMAT}: update it`,
    );
  }
}

function stateIsSound(log: Storage, boot: string): boolean {
  const opened = openedOn(log);
  return opened === undefined || opened === boot;
}

function openedOn(log: Storage): string | undefined {
  const opened = log.table("meta").get(OPENED_KEY);
  return opened && new TextDecoder().decode(opened);
}

function setOpened(log: Storage, boot: string | undefined): void {
  log.transaction((table) => {
    if (boot === undefined) table("meta").delete(OPENED_KEY);
    else table("meta").put(OPENED_KEY, utf8(boot));
  });
}
