/** Runs every command that docs/http.md shows, in a shell, against a node of the built command. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HTTP_STATUS_OF_CODE } from "../packages/api/src/index.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { NodeProcess } from "../apps/cli/demo/node-process.ts";
import { answersOf, consoleBlocks, patternOf, SHELL } from "./console-blocks.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/http.md"), "utf8");
const hasTools = ["curl", "jq"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

describe("docs/http.md", () => {
  it.skipIf(!hasTools)("shows what its commands answer", async () => {
    const data = mkdtempSync(join(tmpdir(), "lattice-http-"));
    const node = new NodeProcess(data, { LATTICE_WEB: "0" });
    onTestFinished(async () => {
      await node.kill();
      rmSync(data, { recursive: true, force: true });
    });
    const [, port] = /localhost:(\d+)/.exec(await node.start("--json"))!;
    const blocks = consoleBlocks(page, SHELL);
    expect(blocks.length).toBeGreaterThan(4);
    const env = {
      ...process.env,
      LATTICE_DATA: data,
      PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    };
    // One shell for all of it, as for somebody who reads the page.
    const script = blocks.flatMap(({ steps }) => steps.map(({ command }) => `${command}\n`)).join("");
    const { stdout, stderr } = spawnSync(
      "bash",
      [
        "-c",
        script
          .replaceAll("localhost:8123", `localhost:${port}`)
          .replaceAll("example.org:8123", `example.org:${port}`),
      ],
      { env, encoding: "utf8" },
    );
    const expected = blocks
      .map(answersOf)
      .filter((text) => text !== "")
      .join("\n");
    const actual = stdout.trimEnd();
    expect(patternOf(expected).test(actual) ? expected : actual, stderr).toBe(expected);
  });

  it("has the status of every code", () => {
    const rows = page.split("\n").filter((line) => /^\| `[a-z-]+` \| \d{3} \|/.test(line));
    const listed = rows.flatMap((row) =>
      [...row.matchAll(/`([a-z-]+)` \| (\d{3})/g)].map(([, code, status]) => [code, Number(status)]),
    );
    expect(Object.fromEntries(listed)).toEqual(HTTP_STATUS_OF_CODE);
  });
});
