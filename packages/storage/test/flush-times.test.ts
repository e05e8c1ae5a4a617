import { join } from "node:path";
import { expect, it } from "vitest";
import { utf8 } from "@lattice/model";
import { openLmdbStorage } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

it("tells how long each write to the disk took, once for all who waited for it", async () => {
  const took: number[] = [];
  const storage = openLmdbStorage({
    path: join(temporaryDirectory(), "t.db"),
    tables: ["t"],
    durability: "journal",
    onFlush: (durationMs) => void took.push(durationMs),
  });
  const put = (key: string): void => storage.transaction((table) => table("t").put(utf8(key), utf8(key)));
  put("a");
  await Promise.all([storage.flush(), storage.flush()]);
  expect(took).toHaveLength(1);
  put("b");
  await storage.flush();
  expect(took).toHaveLength(2);
  expect(took.every((ms) => ms > 0 && Number.isFinite(ms))).toBe(true);
  await storage.close();
});
