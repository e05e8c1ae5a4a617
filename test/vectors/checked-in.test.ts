/** With `-u`, writes the files in `vectors/`. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clocks, ids } from "./clocks.ts";
import { frames } from "./frames.ts";
import { intentions } from "./intentions.ts";
import { invites } from "./invites.ts";
import { sums } from "./sums.ts";

const folder = join(import.meta.dirname, "../../vectors");

describe("what is checked in", () => {
  it.each(Object.entries({ intentions, clocks, ids, sums, invites, frames }))(
    "as %s is what the generator gives",
    async (name, generate) => {
      const text = `${JSON.stringify(generate(), null, 2)}\n`;
      await expect(text).toMatchFileSnapshot(join(folder, `${name}.json`));
    },
  );
});
