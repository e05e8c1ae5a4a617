import { defaultDataDirectory as ofRuntime, socketPath as socketOfRuntime } from "@lattice/runtime";
import { expect, test } from "vitest";
import { defaultDataDirectory, socketPath } from "../src/node-access.ts";

test.each([
  {},
  { LATTICE_DATA: "/a" },
  { LATTICE_DATA: "" },
  { XDG_DATA_HOME: "/x" },
  { XDG_DATA_HOME: "" },
  { LATTICE_DATA: "/a", XDG_DATA_HOME: "/x" },
])("the command line and the runtime agree on the data directory with %j", (env) => {
  expect(defaultDataDirectory(env)).toBe(ofRuntime(env));
});

test("the command line and the runtime agree on the socket", () => {
  expect(socketPath("/data")).toBe(socketOfRuntime("/data"));
});
