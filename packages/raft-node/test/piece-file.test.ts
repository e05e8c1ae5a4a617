import { LatticeError } from "@lattice/model";
import { fuzzRuns, mutateBytes } from "@lattice/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemorySnapshotFiles, snapshotDirectory, type SnapshotFiles } from "../src/index.ts";
import { readPieces, writePieces, type PieceFileSize } from "../src/piece-file.ts";
import type { SnapshotFile } from "../src/snapshot-files.ts";
import { temporaryDirectory } from "./harness/temporary-directory.ts";

async function* each(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function all(file: SnapshotFile, size: PieceFileSize): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readPieces(file, size)) pieces.push(new Uint8Array(piece));
  return pieces;
}

const anyPieces = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 });

describe.each<[string, () => SnapshotFiles]>([
  ["in memory", () => new MemorySnapshotFiles()],
  ["in a directory", () => snapshotDirectory(`${temporaryDirectory()}/snapshot`)],
])("a file of pieces %s", (_, open) => {
  it("property: gives the same pieces", async () => {
    const files = open();
    await fc.assert(
      fc.asyncProperty(anyPieces, async (pieces) => {
        const file = await files.create("out-1");
        expect(await all(file, await writePieces(file, each(pieces)))).toEqual(pieces);
        await file.remove();
        await file.remove();
      }),
      { numRuns: 30 },
    );
  });

  it("gives large pieces, and is gone with the rest", async () => {
    const files = open();
    const pieces = [new Uint8Array(3 << 20).fill(1), new Uint8Array(), new Uint8Array(256 << 10).fill(2)];
    const file = await files.create("in-7");
    const size = await writePieces(file, each(pieces));
    await file.sync();
    expect((await all(file, size)).map(({ length }) => length)).toEqual(pieces.map(({ length }) => length));
    await files.clear();
    await file.remove();
    const again = await files.create("in-7");
    expect((await again.read(0, 10)).length).toBe(0);
    await again.remove();
  });
});

it("property: of changed bytes nothing is taken for whole", async () => {
  const pieces = [new Uint8Array([1, 2, 3]), new Uint8Array(), new Uint8Array(200).fill(4)];
  const files = new MemorySnapshotFiles();
  const file = await files.create("a");
  const size = await writePieces(file, each(pieces));
  const sample = await file.read(0, size.sizeBytes);
  await fc.assert(
    fc.asyncProperty(mutateBytes([sample]), async (bytes) => {
      const changed = await files.create("b");
      await changed.write(bytes, 0);
      const isSame = Buffer.compare(bytes.subarray(0, size.sizeBytes), sample) === 0;
      const outcome = await all(changed, size).catch((error: unknown) => error);
      if (isSame) expect(outcome).toEqual(pieces);
      else expect(outcome).toMatchObject({ code: "corrupt" });
      if (!isSame) expect(outcome).toBeInstanceOf(LatticeError);
    }),
    fuzzRuns(500),
  );
});
