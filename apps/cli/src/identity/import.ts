/** `node identity import`: an exported identity becomes that of a data directory. */
import { LatticeError, toHex } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { writeError } from "../written-files.ts";
import { askPassphrase, givenPassphrase } from "./passphrase.ts";
import { readSmallFile } from "./small-file.ts";

export async function importIdentity(context: Context, args: CommandArguments): Promise<void> {
  const { output, session } = context;
  const { dataDirectory } = session.options;
  const path = args.text("file");
  const { decodeIdentity, putIdentity, unsealSeed } = await import("@lattice/runtime/identity");
  const input = path === "-" ? await context.input([path]) : undefined;
  const bytes = input ?? (await readSmallFile(path));
  const identity = about(path, () => decodeIdentity(bytes));
  let seed: Uint8Array;
  if ("seed" in identity) {
    if (args.has("passphrase") || args.value("passphrase-file") !== undefined) {
      throw new UsageError(`${path} is not sealed: import it without a passphrase`);
    }
    ({ seed } = identity);
  } else {
    const passphrase =
      (await givenPassphrase(context, args)) ?? (await askPassphrase(context, ["Passphrase: "]));
    seed = about(path, () => unsealSeed(identity, passphrase));
  }
  try {
    putIdentity(dataDirectory, seed);
  } catch (error) {
    throw writeError(dataDirectory, error);
  }
  const key = toHex(identity.publicKey);
  if (output.json) output.document({ public_key: key, data: dataDirectory });
  else output.line(key);
  output.note("never start the old node again: two nodes with one identity fork each other's log");
}

/** Says of which file it is. */
function about<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = LatticeError.from(error);
    throw new LatticeError(code, `cannot import ${path}: ${message}`, { cause: error });
  }
}
