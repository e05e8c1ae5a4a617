/**
 * What the command line keeps in the data directory: the history of the REPL and the store used last. Both are
 * conveniences, so one that cannot be read or written is as good as none.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE_MODE = 0o600;
export const HISTORY_COUNT_MAX = 1_000;

export class StateFiles {
  readonly #historyPath: string;
  readonly #statePath: string;

  constructor(dataDirectory: string) {
    this.#historyPath = join(dataDirectory, "history");
    this.#statePath = join(dataDirectory, "cli.json");
  }

  /** The latest line first. */
  readHistory(): string[] {
    const text = readText(this.#historyPath) ?? "";
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.reverse().slice(0, HISTORY_COUNT_MAX);
  }

  /** Takes the latest line first. */
  writeHistory(lines: readonly string[]): void {
    const kept = lines.slice(0, HISTORY_COUNT_MAX).toReversed();
    writePrivate(this.#historyPath, kept.map((line) => `${line}\n`).join(""));
  }

  /** The id of the store used last. */
  readLastStore(): string | undefined {
    try {
      const { store } = JSON.parse(readText(this.#statePath) ?? "{}") as { store?: unknown };
      return typeof store === "string" ? store : undefined;
    } catch {
      return undefined;
    }
  }

  writeLastStore(store: string): void {
    writePrivate(this.#statePath, `${JSON.stringify({ store })}\n`);
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function writePrivate(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: FILE_MODE });
    // The mode of a file that was there already stays as it was.
    chmodSync(path, FILE_MODE);
  } catch {
    // See above.
  }
}
