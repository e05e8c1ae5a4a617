/** `lattice.token`: whoever can read it may use the node over HTTP. Made once, kept from then on. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { LatticeError } from "@lattice/model";

const TOKEN_BYTES = 32;
const FILE_MODE = 0o600;

/** To make another one, remove the file: every cookie and every link ends with the old one. */
export function loadWebToken(path: string): string {
  try {
    return existsSync(path) ? readToken(path) : makeToken(path);
  } catch (error) {
    if (error instanceof LatticeError) throw error;
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new LatticeError(
      code === "ENOSPC" ? "disk-full" : "failed-precondition",
      `cannot use ${path} as token: the system says ${code}`,
      { cause: error },
    );
  }
}

function readToken(path: string): string {
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
    throw new LatticeError(
      "failed-precondition",
      `${path} can be read by others: remove it, and the next start makes a new one`,
    );
  }
  const text = readFileSync(path, "utf8").trim();
  if (/^[\w-]{43,}$/.test(text)) return text;
  throw new LatticeError("corrupt", `${path} holds no token: remove it, and the next start makes a new one`);
}

/** Written aside and then put in place, so that a crash leaves a whole one or none. Only the owner of the directory's lock does so. */
function makeToken(path: string): string {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const aside = `${path}.new`;
  rmSync(aside, { force: true });
  const file = openSync(aside, "wx", FILE_MODE);
  try {
    writeSync(file, `${token}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
  return token;
}
