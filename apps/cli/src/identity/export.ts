/** `node identity export`: the seed in the data directory, as a file that nobody but its owner can read. */
import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LatticeError, signerFromSeed, systemRandom, toHex, utf8 } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { syncDirectory, writeError } from "../written-files.ts";
import { askPassphrase, givenPassphrase } from "./passphrase.ts";

export async function exportIdentity(context: Context, args: CommandArguments): Promise<void> {
  const { output, session } = context;
  const path = args.text("file");
  if (path === "-" && output.json) {
    throw new UsageError("--json and - exclude each other: both are for the standard output");
  }
  const { encodeIdentity, readIdentity } = await import("@lattice/runtime/identity");
  const seed = readIdentity(session.options.dataDirectory);
  const passphrase = await wantedPassphrase(context, args);
  const isSealed = passphrase !== undefined;
  const text = encodeIdentity(seed, isSealed ? { passphrase, random: systemRandom } : undefined);
  if (path === "-") output.content(utf8(text));
  else {
    writeNew(path, text);
    const key = toHex(signerFromSeed(seed).publicKey);
    if (output.json) output.document({ public_key: key, file: path, sealed: isSealed });
    else output.line(key);
  }
  if (!isSealed) output.note("whoever reads this can write in this node's name");
}

async function wantedPassphrase(context: Context, args: CommandArguments): Promise<string | undefined> {
  const given = await givenPassphrase(context, args);
  if (given !== undefined || !args.has("passphrase")) return given;
  return askPassphrase(context, ["Passphrase: ", "The same again: "]);
}

/** What is there already stays as it is. */
function writeNew(path: string, text: string): void {
  let file: number | undefined;
  try {
    file = openSync(path, "wx", 0o600);
    writeFileSync(file, text);
    fsyncSync(file);
    syncDirectory(dirname(path));
  } catch (error) {
    if (file !== undefined) rmSync(path, { force: true });
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(path, error);
    throw new LatticeError("already-exists", `${path} is there already: name another file, or move it away`, {
      cause: error,
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
