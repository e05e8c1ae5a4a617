/**
 * The page: the files of one folder, held in memory. What is not among them when they are read does not exist, so no path
 * leads anywhere else.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { LatticeError } from "@lattice/model";
import { header, requireMethod, type Exchange } from "./exchange.ts";
import { PAGE_BYTES_MAX } from "./limits.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
};

/** The best first, by what lies beside a file. */
const CODINGS: readonly { readonly name: string; readonly extension: string }[] = [
  { name: "br", extension: ".br" },
  { name: "gzip", extension: ".gz" },
];

interface StaticFile {
  readonly type: string;
  readonly isImmutable: boolean;
  /** By coding; `identity` is always there. */
  readonly bodies: ReadonlyMap<string, { readonly bytes: Buffer; readonly etag: string }>;
}

export class StaticFiles {
  readonly #directory: string | undefined;
  /** By path. Read with the first request. */
  #files: ReadonlyMap<string, StaticFile> | undefined;

  /** Without a directory, or with one that is not there, it says that there is no page. */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  serve(exchange: Exchange): void {
    requireMethod(exchange, "GET", "HEAD");
    this.#files ??= this.#directory === undefined ? new Map() : readFiles(this.#directory);
    const file = this.#find(exchange, this.#files);
    const [coding, body] = bestBody(exchange, file);
    const { request, response } = exchange;
    response.setHeader("etag", body.etag);
    response.setHeader("vary", "accept-encoding");
    response.setHeader(
      "cache-control",
      file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
    );
    if (isKnown(exchange, body.etag)) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, {
      "content-type": file.type,
      "content-length": body.bytes.length,
      ...(coding === "identity" ? {} : { "content-encoding": coding }),
    });
    response.end(request.method === "HEAD" ? undefined : body.bytes);
  }

  #find({ path }: Exchange, files: ReadonlyMap<string, StaticFile>): StaticFile {
    const index = files.get("/index.html");
    if (index === undefined) {
      throw new LatticeError(
        "not-found",
        "no page is built for this node: its API is below /api/, and /api/openapi.json describes it",
      );
    }
    // The page has addresses of its own, which are no files: what looks like a file is one, or is not there.
    const isAddress = !path.slice(path.lastIndexOf("/") + 1).includes(".");
    const found = files.get(path) ?? (isAddress ? index : undefined);
    if (found === undefined) throw new LatticeError("not-found", `there is no file ${path}`);
    return found;
  }
}

function readFiles(directory: string): ReadonlyMap<string, StaticFile> {
  const bytesByPath = new Map<string, Buffer>();
  let total = 0;
  for (const entry of listFiles(directory)) {
    const bytes = readFileSync(entry);
    total += bytes.length;
    if (total > PAGE_BYTES_MAX) {
      throw new LatticeError("too-large", `the page in ${directory} is larger than ${PAGE_BYTES_MAX} bytes`);
    }
    bytesByPath.set(`/${relative(directory, entry).split(sep).join("/")}`, bytes);
  }
  const files = new Map<string, StaticFile>();
  for (const path of bytesByPath.keys()) {
    if (CODINGS.some(({ extension }) => path.endsWith(extension))) continue;
    files.set(path, fileOf(path, bytesByPath));
  }
  return files;
}

function listFiles(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function fileOf(path: string, bytesByPath: ReadonlyMap<string, Buffer>): StaticFile {
  const bodies = new Map<string, { bytes: Buffer; etag: string }>();
  for (const { name, extension } of [...CODINGS, { name: "identity", extension: "" }]) {
    const bytes = bytesByPath.get(path + extension);
    if (bytes !== undefined) bodies.set(name, { bytes, etag: etagOf(bytes) });
  }
  return {
    type: CONTENT_TYPES[extname(path)] ?? "application/octet-stream",
    // What carries a hash of its content in its name never changes.
    isImmutable: path.startsWith("/assets/") && /[-.][\w-]{8,}\.\w+$/.test(path),
    bodies,
  };
}

function etagOf(bytes: Buffer): string {
  return `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
}

function bestBody(exchange: Exchange, { bodies }: StaticFile): [string, { bytes: Buffer; etag: string }] {
  const accepted = (header(exchange, "accept-encoding") ?? "")
    .split(",")
    .filter((coding) => !/;\s*q=0(\.0*)?\s*$/.test(coding))
    .map((coding) => coding.split(";", 1)[0]!.trim().toLowerCase());
  const best = [...bodies].find(([coding]) => coding === "identity" || accepted.includes(coding));
  return best!;
}

function isKnown(exchange: Exchange, etag: string): boolean {
  const known = header(exchange, "if-none-match");
  if (known === undefined) return false;
  return known.split(",").some((each) => each.trim().replace(/^W\//, "") === etag || each.trim() === "*");
}
