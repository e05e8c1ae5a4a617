import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { main } from "../src/main.ts";
import { ProgressLine } from "../src/progress-line.ts";
import { Progress } from "../src/progress.ts";
import { streamConsole } from "../src/console.ts";
import type { World } from "../src/world.ts";
import { FakeNode } from "./fake-node.ts";
import { Input, Sink, temporaryDirectory } from "./harness.ts";

const ESCAPE = "\u001b[";

interface Told {
  readonly out: string;
  readonly err: string;
}

async function told(
  argv: readonly string[],
  { env = {}, isTerminal = false }: { env?: World["env"]; isTerminal?: boolean } = {},
): Promise<Told> {
  const node = new FakeNode();
  node.create({ name: "notes" });
  const [input, output, errors] = [new Input(), new Sink(), new Sink()];
  [output.isTTY, errors.isTTY] = [isTerminal, isTerminal];
  await main({
    argv,
    env: { LATTICE_DATA: temporaryDirectory(), TERM: "xterm", ...env },
    input,
    output,
    errors,
    node: node.access,
    outliveReader: () => undefined,
    onSignal: () => () => undefined,
  });
  return { out: output.text, err: errors.text };
}

describe("colours", () => {
  const HISTORY = ["store", "history"];

  test("are there on a terminal, and take no room in columns", async () => {
    const coloured = await told(HISTORY, { isTerminal: true });
    const plain = await told(HISTORY);
    expect(coloured.out).toContain(ESCAPE);
    expect(plain.out).not.toContain(ESCAPE);
    expect(stripVTControlCharacters(coloured.out)).toBe(plain.out);
    const [table, plainTable] = await Promise.all([
      told(["peer", "list"], { isTerminal: true }),
      told(["peer", "list"]),
    ]);
    expect(table.out).toContain(ESCAPE);
    expect(stripVTControlCharacters(table.out)).toBe(plainTable.out);
  });

  test.each([
    ["NO_COLOR", { NO_COLOR: "1" }, [], true, false],
    ["NO_COLOR, empty", { NO_COLOR: "" }, [], true, true],
    ["a dumb terminal", { TERM: "dumb" }, [], true, false],
    ["FORCE_COLOR in a pipe", { FORCE_COLOR: "1" }, [], false, true],
    ["FORCE_COLOR=0 on a terminal", { FORCE_COLOR: "0" }, [], true, false],
    ["NO_COLOR before FORCE_COLOR", { NO_COLOR: "1", FORCE_COLOR: "1" }, [], true, false],
    ["--color always in a pipe", { NO_COLOR: "1" }, ["--color", "always"], false, true],
    ["--color=never on a terminal", { FORCE_COLOR: "1" }, ["--color=never"], true, false],
  ] as const)("%s", async (_name, env, flags, isTerminal, expected) => {
    const { out } = await told([...HISTORY, ...flags], { env, isTerminal });
    expect(out.includes(ESCAPE)).toBe(expected);
  });

  test("are none in JSON, whatever is asked for", async () => {
    const { out } = await told([...HISTORY, "--json", "--color", "always"]);
    expect(out).not.toContain(ESCAPE);
  });

  test("mark an error, and a choice that is none is one", async () => {
    const { err } = await told(["get", "nothing", "--color", "always"]);
    expect(err).toBe(`${ESCAPE}1;31merror:${ESCAPE}0m not found\n`);
    expect((await told(["count", "--color", "purple"])).err).toBe(
      'error: --color: "purple" is none of: auto, always, never\n',
    );
  });

  test("are a choice of commands of clusters, too", async () => {
    const { err } = await told(["cluster", "get", "--color=always"]);
    expect(err).toContain(`${ESCAPE}1;31merror:`);
  });
});

describe("progress", () => {
  const terminal = () => Object.assign(new Sink(), { isTTY: true, columns: 20 });

  test("is drawn on a terminal, cut to its width, and gone when there is something to say", () => {
    const errors = terminal();
    const output = new Sink();
    const console = streamConsole({ output, errors, env: {} });
    console.progress("a text that is longer than the line");
    expect(stripVTControlCharacters(errors.text)).toBe("\ra text that is long");
    console.out("done");
    console.out("twice");
    expect(stripVTControlCharacters(errors.text)).toBe("\ra text that is long\r");
    expect(output.text).toBe("done\ntwice\n");
  });

  test.each([
    ["a pipe", new Sink(), {}],
    ["a dumb terminal", terminal(), { TERM: "dumb" }],
  ])("is not drawn in %s", (_name, errors, env) => {
    const line = new ProgressLine({ errors, env });
    line.draw("waiting");
    line.erase();
    expect(errors.text).toBe("");
  });

  test("says what is waited for once that has taken a while, until it is stopped", async () => {
    const drawn: (string | undefined)[] = [];
    const seen = Promise.withResolvers<void>();
    const console = {
      ...streamConsole({ output: new Sink(), errors: new Sink(), env: {} }),
      progress: (text: string | undefined) => {
        drawn.push(text);
        seen.resolve();
      },
    };
    {
      using progress = new Progress(console, "store sync");
      progress.tell("store sync: 12 intentions here");
      expect(drawn).toEqual([]);
      await seen.promise;
    }
    expect(drawn[0]).toMatch(/^store sync: 12 intentions here … \d+ s$/);
    expect(drawn.at(-1)).toBeUndefined();
  });
});
