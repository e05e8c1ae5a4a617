#!/usr/bin/env node
/**
 * The entry. It must parse on any Node that knows modules, so that an old one gets a sentence instead of a syntax
 * error: no static import of our own, no syntax younger than the check.
 */
import * as nodeModule from "node:module";
import process from "node:process";

const NODE_MAJOR_MIN = 22;

function fail(text: string): void {
  process.stderr.write("error: " + text + "\n");
  process.exitCode = 1;
}

if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
  fail("lattice needs Node " + NODE_MAJOR_MIN + " or newer; this is Node " + process.versions.node);
} else {
  if (typeof nodeModule.enableCompileCache === "function") nodeModule.enableCompileCache();
  import("./start.ts").then(
    (module) => module.start(),
    (error: Error) => fail("lattice cannot load: " + error.message),
  );
}
