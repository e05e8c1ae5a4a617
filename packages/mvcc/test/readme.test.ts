/** The README's example, as it stands there. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { etcdserverpb } from "@lattice/etcd-proto";
import { expect, it, vi } from "vitest";

it("the README's example reads what was there before", async () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  const [, example] = /```ts\n([\s\S]*?)```/u.exec(readme)!;
  // Beside this file, so that its imports are found as they are by who uses the package.
  const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
  const said = vi.spyOn(console, "log").mockReturnValue();
  try {
    writeFileSync(file, example!.replace('"@lattice/mvcc"', '"../src/index.ts"'));
    await import(file);
    const [[revision], [answer]] = said.mock.calls as [[string], [etcdserverpb.RangeResponse]];
    expect(revision).toBe("revision 3");
    expect(answer.kvs.map(({ value }) => Buffer.from(value).toString())).toEqual(["1"]);
  } finally {
    said.mockRestore();
    rmSync(file, { force: true });
  }
});
