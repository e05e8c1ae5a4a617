/**
 * A store on disk: `intentions/log.db`, the truth, and `state/state.db`, which can be rebuilt from it. Driver.
 *
 * The state is written without waiting for the disk. After a crash of the process it is whole all the same; after a
 * crash of the machine it may be anything, so the log notes, durably, on which boot of the machine it was opened, and
 * takes the note back when it was closed in order.
 */
import { existsSync, linkSync, mkdirSync, statSync } from "node:fs";
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
import { openLmdbStorage, removeLmdbStorage, type Storage } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import type { RoleSource } from "@lattice/systemstore";
import { bootId } from "./boot-id.ts";
import { createGenesis, parseGenesis, verifyGenesis } from "./genesis.ts";
import { loadIdentity } from "./identity.ts";
import type { Offered } from "./ingest.ts";
import { WitnessLog } from "./log.ts";
import { corrupt } from "./records.ts";
import { Store } from "./store.ts";
import { LOG_TABLES, stateTables } from "./tables.ts";

const FORMAT = "1";
const FORMAT_KEY = utf8("format");
const INSTANCE_KEY = utf8("instance");
const OPENED_KEY = utf8("opened-on-boot");
const INSTANCE_BYTES = 8;
/** Its keys come in no order, so that merging more of them at a time touches fewer pages. */
const STATE_OVERLAY_BYTES = 4 << 20;

export interface OpenStoreOptions<Client> {
  /** Made if there is none. */
  readonly directory: string;
  readonly type: StoreType<Client>;
  /** Default: `identity.key` in the directory, made if there is none. */
  readonly signer?: Signer;
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

/**
 * Opens a store, or begins one in an empty directory. Throws `corrupt` for a damaged log, `in-use` while another process
 * has it, `failed-precondition` for a store of another type.
 */
export async function openStore<Client>(options: OpenStoreOptions<Client>): Promise<Store<Client>> {
  const { directory, type } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const signer = options.signer ?? loadIdentity(join(directory, "identity.key"));
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const hlc = options.hlc ?? new HybridClock(clock);
  const paths = storePaths(directory);
  const mustExist = options.genesisHash !== undefined && options.genesis === undefined;
  if (mustExist && !storeExists(directory)) throw notThere(paths.log, "is gone");
  const log = openLog(paths.log);
  let state: Storage | undefined;
  try {
    if (isEmpty(log)) {
      if (mustExist) throw notThere(paths.log, "is empty");
      begin(log, options.genesis ?? createGenesis({ type, signer, hlc, random }), random);
    }
    checkFormat(log);
    checkGenesis(log, options, paths.log);
    const instance = readInstance(log);
    const boot = bootId(random);
    const isSound = stateIsSound(log, boot);
    if (!isSound) removeLmdbStorage(paths.state);
    // Not where it is noted already: after a crash there may be no room for it.
    if (openedOn(log) !== boot) {
      setOpened(log, boot);
      await log.flush();
    }
    state = openState(paths.state, type);
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

function notThere(path: string, what: string): LatticeError {
  return new LatticeError("corrupt", `${path} ${what}: stop the node and put back the one that was there`);
}

/** Before the state is opened, with tables of another type perhaps. */
function checkGenesis<Client>(
  log: Storage,
  { type, genesisHash }: OpenStoreOptions<Client>,
  path: string,
): void {
  const { intention } = new WitnessLog(log).at(1);
  if (genesisHash !== undefined && !equalBytes(intention.hash, genesisHash))
    throw notThere(path, "is of another store");
  const { storeType } = parseGenesis(intention);
  if (storeType === type.type) return;
  throw new LatticeError("failed-precondition", `this is a ${storeType}, not a ${type.type}`);
}

function readInstance(log: Storage): Uint8Array {
  const instance = log.table("meta").get(INSTANCE_KEY);
  if (instance?.length !== INSTANCE_BYTES) throw corrupt("meta", INSTANCE_KEY, "no name of this copy");
  return instance;
}

export interface StorePaths {
  readonly log: string;
  readonly state: string;
}

export function storePaths(directory: string): StorePaths {
  const folders = { intentions: join(directory, "intentions"), state: join(directory, "state") };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { log: join(folders.intentions, "log.db"), state: join(folders.state, "state.db") };
}

/** Whether a store was begun in the directory. */
export function storeExists(directory: string): boolean {
  const log = statSync(join(directory, "intentions", "log.db"), { throwIfNoEntry: false });
  return log !== undefined && log.size > 0;
}

export function openLog(path: string): Storage {
  return openLmdbStorage({ path, tables: [...LOG_TABLES], durability: "journal" });
}

/** A state that cannot even be opened is no loss. */
function openState(path: string, type: StoreType): Storage {
  const open = () =>
    openLmdbStorage({
      path,
      tables: stateTables(type),
      durability: "lazy",
      overlayBytesMax: STATE_OVERLAY_BYTES,
    });
  try {
    return open();
  } catch (error) {
    if (LatticeError.from(error).code !== "corrupt") throw error;
    removeLmdbStorage(path);
    return open();
  }
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

/** Keeps a damaged log under another name beside its own, and says which. */
export function setAsideLog(directory: string): string {
  const { log } = storePaths(directory);
  let copy = 1;
  while (existsSync(`${log}.damaged-${copy}`)) copy += 1;
  linkSync(log, `${log}.damaged-${copy}`);
  return `${log}.damaged-${copy}`;
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
