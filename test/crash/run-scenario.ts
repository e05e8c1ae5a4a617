/** Rounds of one scenario, each in a directory of its own, which is kept where something was wrong. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CrashFault } from "./fault.ts";
import type { Scenario } from "./scenario.ts";
import { noFigures, type Figures } from "./figures.ts";
import { World } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  readonly rounds: number;
  /** Of one round, at least. */
  readonly kills: number;
  readonly isBrief?: boolean;
  /** Where the rounds have their directories; default: where temporary files lie. */
  readonly directory?: string | undefined;
  readonly tell: (line: string) => void;
}

const ACCOUNT_LINES = 12;

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Figures> {
  const figures = noFigures();
  for (let round = 0; round < options.rounds; round++) {
    const directory = mkdtempSync(join(options.directory ?? tmpdir(), `lattice-crash-${scenario.name}-`));
    // So that one round can be had again by itself.
    const seed = options.seed + round;
    await using world = new World({ ...options, directory, seed, figures });
    figures.rounds += 1;
    try {
      await scenario.run(world);
    } catch (error) {
      figures.faults += 1;
      const repeat = `--scenario ${scenario.name} --seed ${seed} --rounds 1 --kills ${options.kills}`;
      for (const node of world.nodes) await node.end();
      tellFault(world, error, { repeat, tell: options.tell, isElsewhere: options.directory !== undefined });
      if (options.directory === undefined) continue;
    }
    for (const node of world.nodes) await node.end();
    rmSync(directory, { recursive: true, force: true });
  }
  return figures;
}

interface Telling {
  readonly repeat: string;
  /** The directory is about to go. */
  readonly isElsewhere: boolean;
  readonly tell: (line: string) => void;
}

function tellFault(world: World, error: unknown, { repeat, isElsewhere, tell }: Telling): void {
  const findings = error instanceof CrashFault ? error.findings : [String((error as Error).stack)];
  const said = [`FAULT ${(error as Error).message}`, ...findings.map((line) => `  ${line}`)];
  const kept = isElsewhere ? join(tmpdir(), basename(world.directory)) : world.directory;
  if (isElsewhere)
    cpSync(world.directory, kept, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  const account = join(kept, "account.txt");
  writeFileSync(account, [repeat, ...world.account, ...said, ""].join("\n"));
  for (const line of said) tell(line);
  tell(`  again: pnpm crash ${repeat}`);
  tell(`  kept: ${kept}; what happened, as in account.txt:`);
  for (const line of world.account.slice(-ACCOUNT_LINES)) tell(`    ${line}`);
}
