import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

function declared(): Set<string> {
  const files = globSync(["package.json", "{packages,apps,examples}/*/package.json", "bench/package.json"], {
    cwd: root,
  });
  const names = files.flatMap((file) => {
    const manifest = JSON.parse(readFileSync(join(root, file), "utf8")) as Record<
      string,
      Record<string, string>
    >;
    return ["dependencies", "devDependencies", "optionalDependencies"].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    );
  });
  return new Set(names.filter((name) => !name.startsWith("@lattice/")));
}

function described(): Set<string> {
  const rows = readFileSync(join(root, "docs/dependencies.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  return new Set(rows.flatMap((row) => row.split("|")[1]!.match(/(?<=`)[^`, ]+(?=`)/g) ?? []));
}

it("docs/dependencies.md has every dependency, and no other", () => {
  expect([...described()].toSorted()).toEqual([...declared()].toSorted());
});
