/** What the disk and LMDB report, as the errors of this project. */
import { LatticeError } from "@lattice/model";

/** No room on the disk, none in the quota, none under the limit for files. */
const NO_ROOM = new Set<unknown>(["ENOSPC", "EDQUOT", "EFBIG", 28, 122, 27]);
const NO_ACCESS = new Set<unknown>(["EACCES", "EPERM", "EROFS", 13, 1, 30]);
/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_VERSION_MISMATCH, MDB_INVALID. */
const DAMAGED = new Set<unknown>([-30797, -30796, -30794, -30793]);

export interface Fault {
  readonly file: string;
  /** What is known of where it happened, such as "table tips, key 00ff". */
  readonly where?: string;
}

export function toLatticeError(error: unknown, fault: Fault): LatticeError {
  if (error instanceof LatticeError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const text = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!;
  const at = fault.where === undefined ? fault.file : `${fault.file} (${fault.where})`;
  if (code === "ENOTDIR" || code === "EEXIST") {
    return new LatticeError("failed-precondition", `${at} lies below a file`, { cause: error });
  }
  const options = { cause: error, details: { file: fault.file } };
  if (NO_ROOM.has(code)) return new LatticeError("disk-full", `no room to write ${at}`, options);
  if (NO_ACCESS.has(code)) {
    return new LatticeError("permission-denied", `${at} cannot be read and written: ${text}`, options);
  }
  if (DAMAGED.has(code)) return new LatticeError("corrupt", `${at} is damaged: ${text}`, options);
  return new LatticeError("internal", `${at}: ${text}`, options);
}
