/** Where a passphrase comes from: a file, the environment, or whoever sits at the terminal. */
import { LatticeError } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { readSmallFile } from "./small-file.ts";

/** Undefined where neither the line nor the environment gives one. */
export async function givenPassphrase(
  { session }: Context,
  args: CommandArguments,
): Promise<string | undefined> {
  const path = args.value("passphrase-file");
  if (path !== undefined) return notEmpty(await firstLine(path));
  const text = session.options.env["LATTICE_PASSPHRASE"];
  // An empty one does not mean none: who set it believes that there is one.
  return text === undefined ? undefined : notEmpty(text);
}

/** One answer to all of the prompts, which must be the same. */
export async function askPassphrase(context: Context, prompts: readonly string[]): Promise<string> {
  const { ask } = context.session.options;
  if (ask === undefined) {
    throw new UsageError(
      "a passphrase is asked for by a single command in a terminal only; give --passphrase-file or LATTICE_PASSPHRASE",
    );
  }
  context.progress(undefined);
  const [first, ...others] = (await ask(prompts, context.signal)) as [string, ...string[]];
  if (others.some((other) => other !== first)) {
    throw new LatticeError("invalid-argument", "the two passphrases differ: try again");
  }
  return notEmpty(first);
}

async function firstLine(path: string): Promise<string> {
  const bytes = await readSmallFile(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).split(/\r?\n/, 1)[0]!;
  } catch (error) {
    throw new LatticeError(
      "invalid-argument",
      `${path} is no text, so it has no passphrase in its first line`,
      {
        cause: error,
      },
    );
  }
}

function notEmpty(passphrase: string): string {
  if (passphrase !== "") return passphrase;
  throw new LatticeError("invalid-argument", "the passphrase is empty: give one of some words");
}
