import { join } from "node:path";
import { expect, it } from "vitest";
import { mayMount, onMount, temporaryDirectory } from "./daemon.ts";

const PROGRAM = join(import.meta.dirname, "full-disk.program.ts");

it.skipIf(!mayMount)(
  "a full disk costs nothing that was acknowledged, is told, and does no lasting harm",
  () => {
    const path = temporaryDirectory();
    const { code, err } = onMount({ path, options: "size=12m", program: PROGRAM, args: [path] });
    expect(code, err).toBe(0);
  },
);
