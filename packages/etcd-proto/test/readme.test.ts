/** The README's example, as it stands there. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";

it("the README's example encodes a request and names an error", async () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  const [, example] = /```ts\n([\s\S]*?)```/u.exec(readme)!;
  // Beside this file, so that its imports are found as they are by who uses the package.
  const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
  const said = vi.spyOn(console, "log").mockReturnValue();
  try {
    writeFileSync(file, example!.replace('"@lattice/etcd-proto"', '"../src/index.ts"'));
    await import(file);
    expect(said.mock.calls.flat()).toEqual([
      "etcdserverpb.KV takes 6 bytes",
      "etcdserver: mvcc: required revision has been compacted",
    ]);
  } finally {
    said.mockRestore();
    rmSync(file, { force: true });
  }
});
