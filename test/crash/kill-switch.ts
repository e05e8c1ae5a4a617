/** Kills nodes at a drawn moment: after so many answers, after so many changes of their files, or after some time. */
import { mkdirSync, readdirSync, statSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import type { CrashNode } from "./crash-node.ts";
import type { World } from "./world.ts";

export type Moment =
  | { readonly kind: "answers"; readonly count: number }
  /** Of the files of a node, those of the victim if nothing else is said. */
  | { readonly kind: "changes"; readonly count: number; readonly of?: CrashNode }
  /** A file of the victim's is put in place, or goes. */
  | { readonly kind: "rename"; readonly file: string; readonly count: number }
  | { readonly kind: "time"; readonly ms: number };

export interface KillSwitchOptions {
  readonly victims: readonly CrashNode[];
  readonly moment: Moment;
  /** During what, for the account. */
  readonly what: string;
}

export class KillSwitch {
  readonly #world: World;
  readonly #options: KillSwitchOptions;
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #answers = 0;
  #killing: Promise<unknown> | undefined;
  readonly #fired = Promise.withResolvers<void>();

  constructor(world: World, options: KillSwitchOptions) {
    this.#world = world;
    this.#options = options;
  }

  get isFired(): boolean {
    return this.#killing !== undefined;
  }

  /** Resolves as soon as the signals are sent. */
  get fired(): Promise<void> {
    return this.#fired.promise;
  }

  /** From here on it counts. */
  arm(): this {
    const { moment, victims } = this.#options;
    if (moment.kind === "time") this.#timer = setTimeout(() => this.fire(), moment.ms);
    if (moment.kind === "changes") {
      this.#watch((moment.of ?? victims[0]!).directory, () => this.#happened(moment.count));
    }
    if (moment.kind === "rename") {
      this.#watch(victims[0]!.directory, (type, name) => {
        if (type === "rename" && name === moment.file) this.#happened(moment.count);
      });
    }
    return this;
  }

  /** An answer has come. */
  answered(): void {
    this.#answers += 1;
    if (this.#options.moment.kind === "answers") this.#happened(this.#options.moment.count);
  }

  fire(): void {
    if (this.isFired) return;
    this.#disarm();
    const { victims, moment, what } = this.#options;
    // The signals first: what is told of them may wait.
    this.#killing = Promise.all(victims.map((victim) => victim.kill()));
    // Awaited in `done`.
    this.#killing.catch(() => undefined);
    this.#fired.resolve();
    const names = victims.map(({ name }) => name).join(" and ");
    this.#world.note(`${names} killed in ${what}, ${this.#answers} answers, at ${toText(moment)}`);
  }

  /** Fires where the moment has not come; resolves when the victims have ended. */
  async done(): Promise<void> {
    this.fire();
    await this.#killing;
  }

  #happened(countWanted: number): void {
    this.#count += 1;
    if (this.#count >= countWanted) this.fire();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  /** A directory and what lies below it, now or later. */
  #watch(directory: string, onChange: (type: string, name: string) => void): void {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const seen = new Set<string>();
    const watchOne = (path: string): void => {
      if (seen.has(path) || this.isFired) return;
      seen.add(path);
      const watcher = watch(path, (type, name) => {
        if (name === null) return;
        onChange(type, name);
        if (type === "rename" && isDirectory(join(path, name))) watchOne(join(path, name));
      });
      // The directory may be removed.
      watcher.on("error", () => undefined);
      this.#watchers.push(watcher);
      for (const name of directoriesIn(path)) watchOne(join(path, name));
    };
    watchOne(directory);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function directoriesIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function toText(moment: Moment): string {
  switch (moment.kind) {
    case "answers":
      return `answer ${moment.count}`;
    case "changes":
      return `change ${moment.count} of the files${moment.of === undefined ? "" : ` of ${moment.of.name}`}`;
    case "rename":
      return `renaming ${moment.count} of ${moment.file}`;
    case "time":
      return `${moment.ms} ms`;
  }
}

/** Up to so many of each; where one is not named it is not drawn. */
export interface Moments {
  readonly answers?: number;
  readonly changes?: number;
  readonly ms?: number;
  /** Whose changes count. */
  readonly of?: CrashNode;
}

export function drawMoment(world: World, { answers, changes, ms, of }: Moments): Moment {
  const drawn: Moment[] = [];
  if (answers !== undefined) drawn.push({ kind: "answers", count: world.upTo(answers) });
  if (changes !== undefined) drawn.push({ kind: "changes", count: world.upTo(changes), ...(of && { of }) });
  if (ms !== undefined) drawn.push({ kind: "time", ms: world.below(ms) });
  return world.oneOf(drawn);
}

/** While a node starts; a start takes some 300 ms, and changes its files a dozen times. */
export function drawStartMoment(world: World): Moment {
  return drawMoment(world, { changes: 16, ms: 400 });
}
