import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkLayers, drawLayers, layers, listLayers, readPlaces, readSource } from "../scripts/layers.ts";

const repository = join(import.meta.dirname, "..");

describe("the table", () => {
  it("points strictly downward", () => {
    const places = readPlaces();
    const upward = [...places.values()].flatMap((place) =>
      [...place.allowed]
        .filter((name) => places.get(name)!.row <= place.row)
        .map((name) => `${place.name} -> ${name}`),
    );
    expect(upward).toEqual([]);
  });

  it("names every package once", () => {
    const names = layers.flatMap((row) => Object.keys(row));
    expect(names).toEqual([...new Set(names)]);
  });

  it("is the picture in ARCHITECTURE.md", () => {
    const text = readFileSync(join(repository, "ARCHITECTURE.md"), "utf8");
    expect(text).toContain(`\`\`\`text\n${drawLayers()}\n\`\`\``);
    expect(text).toContain(`\`\`\`text\n${listLayers()}\n\`\`\``);
  });

  it("holds for this workspace", () => {
    expect(checkLayers(repository)).toEqual([]);
  });
});

describe("reading a source", () => {
  it("finds imports of every kind, and no others", () => {
    const { imports } = readSource(
      "some.ts",
      `import a from "static";
       import "for-its-effect";
       import type { B } from "type";
       export { c } from "re-export";
       export * from "star";
       const d = await import("dynamic");
       type E = import("in-a-type").E;
       import f = require("equals");
       const g = require("required");
       // import "comment";
       const h = 'import "string"';`,
    );
    expect(imports.toSorted()).toEqual(
      [
        "static",
        "for-its-effect",
        "type",
        "re-export",
        "star",
        "dynamic",
        "in-a-type",
        "equals",
        "required",
      ].toSorted(),
    );
  });

  it("says which file it cannot read", () => {
    expect(() => readSource("broken.ts", "const = ;")).toThrow(/^broken\.ts: /);
  });
});

describe("a workspace that breaks a rule", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "lattice-layers-"));
    addPackage("model", []);
    addPackage("store", ["model"]);
    addPackage("kvstore", ["model", "store"]);
    addPackage("kernel", ["model", "store"]);
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }

  function addPackage(name: string, dependencies: readonly string[], more: object = {}): void {
    write(
      `packages/${name}/package.json`,
      JSON.stringify({
        name: `@lattice/${name}`,
        exports: { ".": {} },
        dependencies: Object.fromEntries(dependencies.map((other) => [`@lattice/${other}`, "workspace:*"])),
        ...more,
      }),
    );
    const references = dependencies.map((other) => ({ path: `../${other}` }));
    write(`packages/${name}/tsconfig.json`, JSON.stringify({ references }));
  }

  it("is told nothing as long as it breaks none", () => {
    write("packages/kernel/src/a.ts", 'import type { A } from "@lattice/model"; import "./b.ts";');
    write("packages/kernel/test/a.test.ts", 'import "../src/a.ts"; import "@lattice/store";');
    expect(checkLayers(root)).toEqual([]);
  });

  const kernelImports = [
    ["an import that the table forbids", 'import "@lattice/kvstore";', "kernel may not import kvstore"],
    ["a type import", 'import type { A } from "@lattice/kvstore";', "kernel may not import kvstore"],
    ["a dynamic import", 'await import("@lattice/kvstore");', "kernel may not import kvstore"],
    ["a type from an import", 'type A = import("@lattice/kvstore").A;', "kernel may not import kvstore"],
    ["an import upward", 'export * from "@lattice/node";', "kernel may not import node"],
    ["an import of nothing", 'import "@lattice/other";', '"@lattice/other" is no package of this workspace'],
    [
      "an import of itself",
      'import "@lattice/kernel";',
      '"@lattice/kernel" is this package itself; import the file',
    ],
    [
      "an undeclared import",
      'import "@lattice/proto";',
      '"@lattice/proto" is not in the package\'s package.json',
    ],
    [
      "a way around the exports",
      'import "@lattice/model/src/a.ts";',
      '"@lattice/model/src/a.ts" is not exported by model',
    ],
    [
      "a way around the package",
      'import "../../model/src/a.ts";',
      '"../../model/src/a.ts" leaves the package; use what the other one exports',
    ],
    ["a way into its tests", 'import "../test/a.ts";', '"../test/a.ts" leaves src, which is all that ships'],
    ["a suite in what ships", 'import "@lattice/testkit";', "kernel may not import testkit"],
    [
      "a store type by name",
      'const type = "core:kvstore";',
      "names the store type core:kvstore, which is known to kvstore and runtime only",
    ],
    [
      "a store type in a template",
      "const type = `core:kvstore/${1}`;",
      "names the store type core:kvstore, which is known to kvstore and runtime only",
    ],
  ] as const;

  it.each(kernelImports)("is told of %s", (_, text, message) => {
    write("packages/kernel/src/a.ts", text);
    expect(checkLayers(root)).toEqual([`packages/kernel/src/a.ts: ${message}`]);
  });

  it("lets a package and its tests name the type that it defines", () => {
    write("packages/kvstore/src/a.ts", 'export const type = "core:kvstore";');
    write("packages/kernel/test/a.test.ts", 'const type = "core:kvstore";');
    expect(checkLayers(root)).toEqual([]);
  });

  it("is told of a test that reaches upward", () => {
    write("packages/store/test/a.test.ts", 'import "@lattice/kernel";');
    expect(checkLayers(root)).toEqual(["packages/store/test/a.test.ts: store's tests may not import kernel"]);
  });

  it("is told of a dependency that the table forbids, and of references that differ", () => {
    addPackage("kernel", ["model", "kvstore"], { devDependencies: { "@lattice/runtime": "workspace:*" } });
    write(
      "packages/kernel/tsconfig.json",
      JSON.stringify({ references: [{ path: "../kvstore" }, { path: "../store" }] }),
    );
    expect(checkLayers(root)).toEqual([
      "packages/kernel/package.json: kernel may not depend on kvstore",
      "packages/kernel/package.json: the tests of kernel may not use runtime",
      "packages/kernel/tsconfig.json: does not refer to packages/model, which package.json depends on",
      "packages/kernel/tsconfig.json: refers to packages/store, which package.json does not depend on",
    ]);
  });

  it("is told of a package that the table does not know", () => {
    write("packages/helpers/package.json", JSON.stringify({ name: "@lattice/helpers" }));
    expect(checkLayers(root)).toEqual(["packages/helpers: not in the table of scripts/layers.ts"]);
  });
});
