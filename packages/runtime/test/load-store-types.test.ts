import { join } from "node:path";
import { kvstore } from "@lattice/kvstore";
import { LatticeError } from "@lattice/model";
import { expect, it } from "vitest";
import { loadStoreTypes } from "../src/index.ts";
import { folder, typeNamed } from "./modules.ts";

async function namesOf(from: string, ...modules: string[]): Promise<string[]> {
  return (await loadStoreTypes(modules, { from })).map(({ type }) => type).toSorted();
}

async function refusalOf(from: string, ...modules: string[]): Promise<string> {
  try {
    await loadStoreTypes(modules, { from });
  } catch (error) {
    expect(error).toBeInstanceOf(LatticeError);
    const { code, message } = error as LatticeError;
    expect(message).not.toContain("\n");
    return `${code}: ${message}`;
  }
  throw new Error("it was loaded");
}

it("takes every store type that a module exports, by name or by default, once", async () => {
  const from = folder({
    "two.mjs": `export const one = ${typeNamed("a:one")}; export default ${typeNamed("a:two")};
      export const again = one; export const limit = 3; export const nothing = undefined;`,
    "common.cjs": `const exported = { ["thr" + "ee"]: ${typeNamed("a:three")} }; module.exports = exported;`,
  });
  expect(await namesOf(from, "./two.mjs", "common.cjs")).toEqual(["a:one", "a:three", "a:two"]);
  expect(await namesOf(from, join(from, "two.mjs"))).toEqual(["a:one", "a:two"]);
});

it("takes a package by its folder, or by its name from where that is installed", async () => {
  const module = (name: string) => `export const type = ${typeNamed(name)};`;
  const from = folder({
    "node_modules/@a/installed/package.json": `{ "name": "@a/installed", "exports": { "import": "./lib/x.mjs" } }`,
    "node_modules/@a/installed/lib/x.mjs": module("a:installed"),
    "mine/package.json": `{ "name": "mine", "exports": "./out.mjs" }`,
    "mine/out.mjs": module("a:mine"),
    "old/package.json": `{ "main": "main.mjs" }`,
    "old/main.mjs": module("a:old"),
    "below/here.txt": "",
  });
  expect(await namesOf(from, "@a/installed", "mine", "./old/")).toEqual(["a:installed", "a:mine", "a:old"]);
  expect(await namesOf(join(from, "below"), "@a/installed")).toEqual(["a:installed"]);
});

it("is content with the same type by two ways", async () => {
  const from = folder({
    "type.mjs": `export const type = ${typeNamed("a:one")};`,
    "more.mjs": `export * from "./type.mjs"; export const other = ${typeNamed("a:two")};`,
  });
  expect(await namesOf(from, "type.mjs", "./type.mjs", "more.mjs")).toEqual(["a:one", "a:two"]);
});

it("says in one line why a module is no good", async () => {
  const from = folder({
    "throws.mjs": `throw new Error("no such luck\\nat all");`,
    "throws-nothing.mjs": `throw undefined;`,
    "broken.mjs": `export const = 3;`,
    "needs.mjs": `import "something-else";`,
    "none.mjs": `export const type = { type: "a:one", schema: 1 };`,
    "one.mjs": `export const type = ${typeNamed("a:one")};`,
    "other-one.mjs": `export const type = ${typeNamed("a:one")};`,
    "shipped.mjs": `export const type = ${typeNamed("core:kvstore")};`,
    "unbuilt/package.json": `{ "name": "unbuilt", "exports": "./dist/index.js" }`,
    "hidden/package.json": `{ "name": "hidden", "exports": { "./other": "./other.js" } }`,
    "no-json/package.json": `{`,
    "empty/file.txt": "",
  });
  const told = (...modules: string[]) => refusalOf(from, ...modules);
  expect(await told("./gone.mjs")).toBe(
    `not-found: cannot find the store types ./gone.mjs: there is no ${from}/gone.mjs`,
  );
  expect(await told("gone.js")).toMatch(/^not-found: .*there is no .*gone\.js$/);
  expect(await told("gone")).toMatch(/^not-found: .* gone: no file of that name, and no package/);
  expect(await told("fs")).toMatch(/^not-found: /);
  expect(await told("a b#c")).toMatch(/^not-found: /);
  expect(await told("empty")).toMatch(/^not-found: .*without a package\.json/);
  expect(await told("unbuilt")).toMatch(/^not-found: .*there is no .*dist.index\.js, or it is not built$/);
  expect(await told("hidden")).toMatch(/^failed-precondition: cannot load .* hidden: No "exports" main/);
  expect(await told("no-json")).toMatch(/^failed-precondition: cannot load .*package\.json: /);
  expect(await told("throws.mjs")).toBe(
    `failed-precondition: cannot load the store types ${from}/throws.mjs: no such luck`,
  );
  expect(await told("throws-nothing.mjs")).toMatch(/^failed-precondition: cannot load .*: undefined$/);
  expect(await told("broken.mjs")).toMatch(/^failed-precondition: cannot load /);
  expect(await told("needs.mjs")).toMatch(/^failed-precondition: cannot load .*'something-else'/);
  expect(await told("none.mjs")).toBe(
    `failed-precondition: ${from}/none.mjs exports no store type: export what defineStore of @lattice/store returns`,
  );
  expect(await told("one.mjs", "other-one.mjs")).toBe(
    `already-exists: ${from}/other-one.mjs has the store type a:one, which ${from}/one.mjs has`,
  );
  expect(await told("shipped.mjs")).toBe(
    `already-exists: ${from}/shipped.mjs has the store type core:kvstore, which this node has already`,
  );
});

it("takes a type that an application replaces as known", async () => {
  const from = folder({ "mine.mjs": `export const type = ${typeNamed("core:logstore")};` });
  expect(await loadStoreTypes(["mine.mjs"], { from, known: [kvstore] })).toMatchObject([
    { type: "core:logstore" },
  ]);
});
