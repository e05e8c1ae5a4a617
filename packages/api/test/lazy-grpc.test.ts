import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const index = new URL("../src/index.ts", import.meta.url).href;

/** What a program of its own prints; sources are run as they are. */
async function run(program: string): Promise<string> {
  const flags = ["--no-warnings", "--experimental-transform-types", "--conditions=@lattice/source"];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    "--input-type=module",
    "-e",
    program,
  ]);
  return stdout.trim();
}

const LOADED = `
  const { default: module } = await import("node:module");
  console.log(Object.keys(module._cache).some((path) => path.includes("grpc-js")));
`;

test("gRPC is loaded by those who connect, and by nobody else", async () => {
  expect(await run(`await import(${JSON.stringify(index)});${LOADED}`)).toBe("false");
  expect(await run(`await import(${JSON.stringify(import.meta.resolve("@grpc/grpc-js"))});${LOADED}`)).toBe(
    "true",
  );
});
