import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleSearch, ROOT } from "../mutants/bundle.ts";
import { mutate } from "../mutants/mutant.ts";
import { clusterMutants } from "../mutants/cluster.ts";
import { mutants as meshMutants } from "../mutants/mutants.ts";
import { raftMutants } from "../mutants/raft.ts";

const mutants = [...meshMutants, ...raftMutants, ...clusterMutants];

describe("the mutants", () => {
  it.each(mutants)("$name is up to date and changes something", (mutant) => {
    const source = readFileSync(join(ROOT, mutant.file), "utf8");
    expect(mutate(source, mutant)).not.toBe(source);
  });

  it("have names of their own", () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it("are refused where what they change is gone, or there twice", () => {
    const mutant = { ...mutants[0]!, find: "once", replace: "" };
    expect(() => mutate("never", mutant)).toThrow("occurs 0 times");
    expect(() => mutate("once and once", mutant)).toThrow("occurs 2 times");
    expect(mutate("only once", mutant)).toBe("only ");
  });

  it("are put into what runs, and into nothing else", async () => {
    const [mutant] = mutants;
    const [sound, mutated] = await Promise.all([bundleSearch("entry"), bundleSearch("entry", mutant)]);
    expect(mutated).not.toBe(sound);
    expect(Math.abs(mutated.length - sound.length)).toBeLessThan(1000);
  });
});
