/** What the file system reports, as the errors of this project. */
import { LatticeError, type ErrorCode } from "@lattice/model";

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  // Under a limit for files.
  EFBIG: "disk-full",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  EROFS: "permission-denied",
  ENOTDIR: "failed-precondition",
};

export function toLatticeError(error: unknown, path: string): LatticeError {
  if (error instanceof LatticeError) return error;
  const system = error instanceof Error && "code" in error ? String(error.code) : "";
  const code = CODES[system] ?? "internal";
  const text = error instanceof Error ? error.message : String(error);
  return new LatticeError(code, `${path}: ${text}`, { details: { file: path }, cause: error });
}
