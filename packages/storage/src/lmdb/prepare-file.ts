/**
 * Looks at a database file before LMDB does. LMDB's binding ends the process (SIGSEGV) where LMDB refuses to
 * open a file, and reading a mapped page that the file does not have ends it as well (SIGBUS). So whatever
 * can be refused is refused here, with an error that says why.
 *
 * The layout is that of LMDB 1.0 as lmdb-js builds it: two pages of meta data, each a header of 24 bytes and
 *
 *   magic u32 | version u32 | 16 bytes | page size u32, … | … | last page u64 (at 120) | transaction u64
 *
 * in the order of the machine, of which all that Node runs on are little-endian.
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { LatticeError } from "@lattice/model";

const HEADER_BYTES = 24;
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const IS_META = 0x08;
const META_COUNT = 2;
/** Of LMDB: what it takes for a page. */
const PAGE_BYTES_MIN = 256;
const PAGE_BYTES_MAX = 64 << 10;

/**
 * LMDB may leave pages at the end unwritten that were freed in the transaction that made them. It uses such
 * pages again at once, so they are few; this is more than could be.
 */
const UNWRITTEN_BYTES_MAX = 4 << 20;

/** LMDB maps its lock file: pages of it for which there is no room would end the process. */
const LOCK_BYTES = 16 << 10;
/** What a new file needs before the first row, with tables. */
const NEW_FILE_BYTES = 512 << 10;

interface Meta {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: number;
}

/** Says whether the file is yet to be made. */
export function prepareFile(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) throw notOurs("failed-precondition", path, "is not a file");
  const isNew = !found || found.size === 0;
  if (isNew) makeFile(path);
  else checkFile(path);
  prepareLock(`${path}-lock`);
  return isNew;
}

/** Empty, and only its owner may look into it: LMDB would let others read it. */
function makeFile(path: string): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize < NEW_FILE_BYTES) throw notOurs("disk-full", path, "cannot be made, there is no room");
  closeSync(openSync(path, "a", 0o600));
}

function checkFile(path: string): void {
  // For writing as well, since LMDB does.
  const fd = openSync(path, "r+");
  try {
    const metas = readMetas(fd);
    if (!metas) throw notOurs("corrupt", path, "is no database of this program or has lost its beginning");
    const newest = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a));
    const expected = (newest.lastPage + 1) * newest.pageBytes;
    const { size } = fstatSync(fd);
    if (size < expected - UNWRITTEN_BYTES_MAX) {
      throw notOurs("corrupt", path, `is cut off: it has ${size} bytes of ${expected}`);
    }
    // Zeros are no page of LMDB, which says so where they are read.
    if (size < expected) ftruncateSync(fd, expected);
  } finally {
    closeSync(fd);
  }
}

function readMetas(fd: number): Meta[] | undefined {
  const metas: Meta[] = [];
  for (let index = 0, at = 0; index < META_COUNT; index++) {
    const bytes = Buffer.alloc(HEADER_BYTES + META_BYTES);
    if (readSync(fd, bytes, 0, bytes.length, at) < bytes.length) return undefined;
    const meta = decodeMeta(bytes);
    if (!meta) return undefined;
    metas.push(meta);
    at += meta.pageBytes;
  }
  return metas;
}

function decodeMeta(bytes: Buffer): Meta | undefined {
  const meta = bytes.subarray(HEADER_BYTES);
  const isMeta = (bytes.readUInt16LE(18) & IS_META) !== 0;
  if (!isMeta || meta.readUInt32LE(0) !== MAGIC || (meta.readUInt32LE(4) & 0xffff) !== VERSION)
    return undefined;
  const pageBytes = meta.readUInt32LE(24);
  if (!isPageSize(pageBytes)) return undefined;
  return {
    pageBytes,
    lastPage: Number(meta.readBigUInt64LE(120)),
    transaction: Number(meta.readBigUInt64LE(128)),
  };
}

function isPageSize(bytes: number): boolean {
  return bytes >= PAGE_BYTES_MIN && bytes <= PAGE_BYTES_MAX && (bytes & (bytes - 1)) === 0;
}

function prepareLock(path: string): void {
  const fd = openSync(path, "a+", 0o600);
  try {
    const missing = LOCK_BYTES - fstatSync(fd).size;
    if (missing > 0) writeSync(fd, Buffer.alloc(missing));
  } finally {
    closeSync(fd);
  }
}

function notOurs(
  code: "failed-precondition" | "corrupt" | "disk-full",
  path: string,
  what: string,
): LatticeError {
  return new LatticeError(code, `${path} ${what}`, { details: { file: path } });
}
