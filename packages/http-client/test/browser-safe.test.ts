import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url));

/** What a page gets that imports this; fails where that takes anything of Node. */
async function bundleForBrowser(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: here },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["@lattice/source"],
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}

test("a page can load the client, with errors, messages and the reflection of store types", async () => {
  const text = await bundleForBrowser(`
    export { httpClient } from "@lattice/http-client";
    export { LatticeError } from "@lattice/model/errors";
    export { serviceInfoOf } from "@lattice/store/methods";
    export { messageTypesOf } from "@lattice/api/reflecting";
    export * from "@lattice/api/calling";
  `);
  expect(text).toContain("text/event-stream");
  expect(text).not.toMatch(/\bBuffer\.|\bprocess\.(env|platform)|from "node:/);
});

test("what needs Node is found out", async () => {
  await expect(bundleForBrowser('export * from "@lattice/model";')).rejects.toThrow("node:crypto");
});
