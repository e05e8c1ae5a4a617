import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { serve } from "./fake-node.ts";

const PAGE = {
  "index.html": "<!doctype html>page",
  "favicon.svg": "<svg/>",
  "assets/index-3fA9_xQz.js": "console.log(1)",
  "assets/index-3fA9_xQz.js.br": brotliCompressSync("console.log(1)"),
  "assets/plain.css": "a{}",
};

function folder(files: Record<string, string | Uint8Array>): string {
  const base = mkdtempSync(join(tmpdir(), "lattice-page-"));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  writeFileSync(join(base, "secret.txt"), "secret");
  for (const [name, text] of Object.entries(files)) {
    const path = join(base, "page", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return join(base, "page");
}

test.each([
  ["/", "text/html; charset=utf-8", "no-cache"],
  ["/index.html", "text/html; charset=utf-8", "no-cache"],
  ["/stores/a1b2/history", "text/html; charset=utf-8", "no-cache"],
  ["/favicon.svg", "image/svg+xml", "no-cache"],
  ["/assets/index-3fA9_xQz.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
  ["/assets/plain.css", "text/css; charset=utf-8", "no-cache"],
])("%s is %s, %s", async (path, type, caching) => {
  const served = await serve({}, { pageDirectory: folder(PAGE) });
  const { status, headers, text } = await served.ask(path);
  expect({ status, type: headers["content-type"], caching: headers["cache-control"] }).toEqual({
    status: 200,
    type,
    caching,
  });
  expect(text).not.toBe("");
});

test.each([
  "/no.js",
  "/assets/no-12345678.js",
  "/../secret.txt",
  "/%2e%2e/secret.txt",
  "/assets/..%2f..%2fsecret.txt",
  "/.env",
  "/assets/index-3fA9_xQz.js.br",
])("there is no %s", async (path) => {
  const served = await serve({}, { pageDirectory: folder(PAGE) });
  expect((await served.ask(path)).status).toBe(404);
});

test("what is known is not sent again", async () => {
  const served = await serve({}, { pageDirectory: folder(PAGE) });
  const { headers } = await served.ask("/");
  const again = await served.ask("/", { headers: { "if-none-match": `W/"x", ${headers.etag}` } });
  expect({ status: again.status, text: again.text, etag: again.headers.etag }).toEqual({
    status: 304,
    text: "",
    etag: headers.etag,
  });
  expect((await served.ask("/", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
});

test("what was compressed goes to whoever can read it", async () => {
  const served = await serve({}, { pageDirectory: folder(PAGE) });
  const path = "/assets/index-3fA9_xQz.js";
  const small = await served.ask(path, { headers: { "accept-encoding": "gzip, br" } });
  expect(small.headers).toMatchObject({ "content-encoding": "br", vary: "accept-encoding" });
  expect(small.bytes).toEqual(PAGE["assets/index-3fA9_xQz.js.br"]);
  for (const coding of ["gzip", "br;q=0", ""]) {
    const plain = await served.ask(path, { headers: { "accept-encoding": coding } });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(plain.text).toBe("console.log(1)");
    expect(plain.headers.etag).not.toBe(small.headers.etag);
  }
});

test("HEAD tells the size and sends nothing, and nothing can be written", async () => {
  const served = await serve({}, { pageDirectory: folder(PAGE) });
  const head = await served.ask("/", { method: "HEAD" });
  expect({ length: head.headers["content-length"], text: head.text }).toEqual({ length: "19", text: "" });
  expect((await served.ask("/", { method: "POST" })).headers.allow).toBe("GET, HEAD");
});

test.each([undefined, "/nowhere/at/all"])("without a page (%s) it says so", async (pageDirectory) => {
  const served = await serve({}, { pageDirectory });
  const { status, json } = await served.ask("/");
  expect({ status, detail: json["detail"] }).toEqual({
    status: 404,
    detail: expect.stringContaining("no page is built"),
  });
});
