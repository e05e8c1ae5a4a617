import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { gatherStoreTypes } from "../src/remembered-modules.ts";
import { shippedStoreTypes as known } from "../src/index.ts";
import { folder, typeNamed } from "./modules.ts";

const { getuid } = process;

/** What a node gets that starts on this file, with these modules named. */
async function start(file: string, ...named: string[]) {
  const { types, warnings } = await gatherStoreTypes({ file, named, known });
  return { types: types.map(({ type }) => type).toSorted(), warnings };
}

function remembered(file: string): string[] {
  const { modules } = JSON.parse(readFileSync(file, "utf8")) as { modules: { module: string }[] };
  return modules.map(({ module }) => module);
}

/** Modules `one.mjs` of a:one, and so on; and the file beside them. */
function modules(...names: string[]) {
  const files = names.map(
    (name) => [`${name}.mjs`, `export const type = ${typeNamed(`a:${name}`)};`] as const,
  );
  const path = folder({ "data/x": "", ...Object.fromEntries(files) });
  return { path: (name: string) => join(path, name), file: join(path, "data", "types.json") };
}

it("what was named once is there from then on, and what is named adds to it", async () => {
  const { path, file } = modules("one", "two");
  expect(await start(file)).toEqual({ types: [], warnings: [] });
  expect(readdirSync(dirname(file))).toEqual(["x"]);
  expect(await start(file, path("one.mjs"))).toEqual({ types: ["a:one"], warnings: [] });
  expect(await start(file)).toEqual({ types: ["a:one"], warnings: [] });
  expect(await start(file, path("two.mjs"))).toEqual({ types: ["a:one", "a:two"], warnings: [] });
  expect(await start(file, path("one.mjs"))).toEqual({ types: ["a:one", "a:two"], warnings: [] });
  expect(remembered(file).toSorted()).toEqual([path("one.mjs"), path("two.mjs")]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(dirname(file)).toSorted()).toEqual(["types.json", "x"]);
});

it("a relative path is remembered as the place that it meant", async () => {
  const { path, file } = modules("one");
  const directory = process.cwd();
  const relative = join("..".concat("/..".repeat(directory.split("/").length)), path("one.mjs"));
  await start(file, relative);
  expect(remembered(file)).toEqual([path("one.mjs")]);
});

it("a module that is named and cannot be loaded is an error, and is not remembered", async () => {
  const { path, file } = modules("one");
  await start(file, path("one.mjs"));
  await expect(start(file, path("gone.mjs"))).rejects.toThrow("cannot find the store types");
  expect(remembered(file)).toEqual([path("one.mjs")]);
});

it("one that is gone gives a warning, harms no other, and comes back", async () => {
  const { path, file } = modules("one", "two");
  await start(file, path("one.mjs"), path("two.mjs"));
  renameSync(path("one.mjs"), path("away"));
  const { types, warnings } = await start(file);
  expect(types).toEqual(["a:two"]);
  expect(warnings).toEqual([
    `no a:one: cannot find the store types ${path("one.mjs")}: there is no ${path("one.mjs")}, or it is not built; name the module that has it with --types`,
  ]);
  renameSync(path("away"), path("one.mjs"));
  expect(await start(file)).toEqual({ types: ["a:one", "a:two"], warnings: [] });
});

it("one that has moved is forgotten when its new place is named", async () => {
  const { path, file } = modules("one");
  await start(file, path("one.mjs"));
  renameSync(path("one.mjs"), path("moved.mjs"));
  expect(await start(file, path("moved.mjs"))).toEqual({ types: ["a:one"], warnings: [] });
  expect(await start(file)).toEqual({ types: ["a:one"], warnings: [] });
  expect(remembered(file)).toEqual([path("moved.mjs")]);
});

it("what is named wins over what is remembered, type by type", async () => {
  const { path, file } = modules("one");
  writeFileSync(
    path("both.mjs"),
    `export const one = ${typeNamed("a:one")}; export const two = ${typeNamed("a:two")};`,
  );
  await start(file, path("both.mjs"));
  const { types } = await gatherStoreTypes({ file, named: [path("one.mjs")], known });
  expect(types.map(({ type }) => type).toSorted()).toEqual(["a:one", "a:two"]);
  expect(remembered(file).toSorted()).toEqual([path("both.mjs"), path("one.mjs")]);
});

it.each(["{", "[]", "null", `{"modules":[{"module":3,"types":["a:one"]}]}`, `{"modules":[{"module":"x"}]}`])(
  "a file that holds %s is left out with a warning, until a module is named",
  async (text) => {
    const { path, file } = modules("one");
    writeFileSync(file, text);
    const { types, warnings } = await start(file);
    expect({ types, warnings }).toEqual({
      types: [],
      warnings: [expect.stringContaining(`${file} is left out: `)],
    });
    expect(readFileSync(file, "utf8")).toBe(text);
    expect((await start(file, path("one.mjs"))).types).toEqual(["a:one"]);
    expect(await start(file)).toEqual({ types: ["a:one"], warnings: [] });
  },
);

it.skipIf(getuid === undefined)("a file that others may write is not believed", async () => {
  const { path, file } = modules("one");
  await start(file, path("one.mjs"));
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(file, mode);
    expect(await start(file)).toEqual({ types: [], warnings: [expect.stringContaining("may write it")] });
  }
  chmodSync(file, 0o644);
  expect(await start(file)).toEqual({ types: ["a:one"], warnings: [] });
  rmSync(file);
  expect(await start(file)).toEqual({ types: [], warnings: [] });
});
