import { delimiter } from "node:path";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { takeFlags, type Flag } from "../src/flags.ts";
import { parseListenAddress, readInvocation } from "../src/invocation.ts";

const FLAGS: readonly Flag[] = [
  { name: "store", value: "STORE", help: "" },
  { name: "json", help: "" },
  { name: "listen", value: "HOST", help: "", repeated: true },
];

describe("takeFlags", () => {
  test("takes what it knows, wherever it stands, and leaves the rest in order", () => {
    const taken = takeFlags(["a", "--json", "-5", "--store", "x", "--other=1", "b=c"], FLAGS);
    expect(taken.words).toEqual(["a", "-5", "--other=1", "b=c"]);
    expect([...taken.switches]).toEqual(["json"]);
    expect(taken.values.get("store")).toEqual(["x"]);
    expect(taken.literal).toBeUndefined();
  });

  test("leaves everything behind -- alone", () => {
    const taken = takeFlags(["a", "--", "--json", "--"], FLAGS);
    expect(taken).toMatchObject({ words: ["a"], literal: ["--json", "--"] });
  });

  test("a switch takes no word that happens to be a truth value", () => {
    expect(takeFlags(["--json", "false"], FLAGS).words).toEqual(["false"]);
  });

  test("keeps quotes in values", () => {
    expect(takeFlags(["--store='x'", '"y"'], FLAGS)).toMatchObject({ words: ['"y"'] });
    expect(takeFlags(["--store='x'"], FLAGS).values.get("store")).toEqual(["'x'"]);
  });

  test.each([
    [["--store"], "--store needs a value"],
    [["--store", "--json"], "--store needs a value"],
    [["--store", ""], "--store needs a value"],
    [["--store="], "--store needs a value"],
    [["--json=yes"], "--json takes no value"],
    [["--store", "a", "--store", "b"], "--store is given twice"],
  ])("refuses %j", (words, message) => {
    expect(() => takeFlags(words, FLAGS)).toThrow(message);
  });

  test("property: words that are no known flag come out as they went in", () => {
    const word = fc.string().filter((text) => !/^--(store|json|listen)(=|$)/.test(text) && text !== "--");
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(takeFlags(words, FLAGS).words).toEqual(words);
      }),
    );
  });
});

describe("readInvocation", () => {
  const read = (argv: string[], env = {}, isTerminal = true) => readInvocation(argv, { env, isTerminal });

  test.each([
    [[], true, "repl"],
    [[], false, "script"],
    [["-"], true, "script"],
    [["--embedded"], true, "repl"],
    [["--embedded"], false, "script"],
    [["--daemon"], true, "daemon"],
    [["--help"], true, "help"],
    [["--version"], false, "version"],
    [["node", "status"], true, "one-shot"],
    [["node", "status", "--help"], true, "one-shot"],
  ])("%j with a terminal %j is %s", (argv, isTerminal, mode) => {
    expect(read(argv, {}, isTerminal).mode).toBe(mode);
  });

  test("a flag wins over the environment, and that over the default", () => {
    const env = {
      LATTICE_DATA: "/env",
      LATTICE_STORE: "s",
      XDG_DATA_HOME: "/xdg",
      LATTICE_LISTEN: "::1, 10.0.0.1:7",
    };
    expect(read(["--data", "/flag", "--store", "t"], env)).toMatchObject({
      dataDirectory: "/flag",
      store: "t",
    });
    expect(read([], env)).toMatchObject({ dataDirectory: "/env", store: "s", listen: undefined });
    expect(read(["--daemon"], env).listen).toEqual([{ host: "::1" }, { host: "10.0.0.1", port: 7 }]);
    expect(read(["--daemon", "--listen", "a:1"], env).listen).toEqual([{ host: "a", port: 1 }]);
  });

  test("modules of store types come from the flags and the environment, for a node only", () => {
    const env = { LATTICE_TYPES: ["/a.js", "", "b"].join(delimiter) };
    expect(read(["--daemon", "--types", "./c.js", "--types=d"], env).types).toEqual([
      "./c.js",
      "d",
      "/a.js",
      "b",
    ]);
    expect(read(["--embedded", "count"], env).types).toEqual(["/a.js", "b"]);
    expect(read(["--daemon"]).types).toEqual([]);
    expect(read(["count"], env).mode).toBe("one-shot");
  });

  test("a daemon serves its page on 8123, on a port of one's choice, or not at all", () => {
    expect(read(["--daemon"]).web).toEqual({ port: 8123, isOptional: true });
    expect(read(["--daemon", "--web", "0"]).web).toEqual({ port: 0, isOptional: false });
    expect(read(["--daemon", "--no-web"], { LATTICE_WEB: "1" }).web).toBeUndefined();
    expect(read(["--daemon"], { LATTICE_WEB: "off" }).web).toBeUndefined();
    expect(read(["--daemon"], { LATTICE_WEB: "81" }).web).toEqual({ port: 81, isOptional: false });
    expect(read(["--daemon", "--web=82"], { LATTICE_WEB: "off" }).web).toMatchObject({ port: 82 });
    expect(read(["--embedded"], { LATTICE_WEB: "81" }).web).toBeUndefined();
    expect(read(["--embedded", "--web", "81"]).web).toMatchObject({ port: 81 });
  });

  test("a node tells of the clusters that the flag or the environment names", () => {
    const env = { LATTICE_ENDPOINTS: "a:1, b:2,", LATTICE_USER: "ada:secret" };
    expect(read(["--daemon"], env).clusters).toEqual({
      endpoints: ["a:1", "b:2"],
      user: { name: "ada", password: "secret" },
    });
    expect(read(["--embedded", "--endpoints", "c:3"], { LATTICE_ENDPOINTS: "a:1" }).clusters).toEqual({
      endpoints: ["c:3"],
      user: undefined,
    });
    expect(read(["--daemon"]).clusters).toBeUndefined();
    expect(read(["count"], env).clusters).toBeUndefined();
  });

  test("a daemon has a log, a node beside a prompt only where it is asked for", () => {
    expect(read(["--daemon"]).log).toEqual({ level: "info", format: undefined });
    expect(read(["--daemon"], { LATTICE_LOG_LEVEL: "error", LATTICE_LOG_FORMAT: "json" }).log).toEqual({
      level: "error",
      format: "json",
    });
    expect(read(["--daemon", "--log-level=debug"], { LATTICE_LOG_LEVEL: "error" }).log?.level).toBe("debug");
    expect(read(["--embedded"], { LATTICE_LOG_LEVEL: "error" }).log).toBeUndefined();
    expect(read(["--embedded", "--log-level", "warn"]).log?.level).toBe("warn");
  });

  test("a command keeps its own flags and what stands behind --", () => {
    expect(read(["store", "create", "--root", "--json", "--", "--x"])).toMatchObject({
      words: ["store", "create", "--root", "--", "--x"],
      json: true,
    });
  });

  test.each([
    [["--daemon", "--embedded"], "exclude each other"],
    [["--daemon", "node", "status"], "--daemon takes no command"],
    [["--listen", "x"], "--listen needs --daemon or --embedded"],
    [["--types", "x"], "--types needs --daemon or --embedded"],
    [["--data", ""], "--data needs a value: --data DIR"],
    [["--daemon", "--types", ""], "--types needs a value"],
    [["--web", "1"], "--web and --no-web need --daemon or --embedded"],
    [["--no-web", "get", "a"], "--web and --no-web need --daemon or --embedded"],
    [["--endpoints", "a:1"], "--endpoints needs --daemon or --embedded"],
    [["--daemon", "--web", "x"], '--web: "x" is no port'],
    [["--daemon", "--web", "65536"], "is no port"],
    [["--daemon", "--web", "1", "--no-web"], "exclude each other"],
    [["--daemon", "--log-level", "loud"], "give one of error, warn, info, debug"],
    [["--daemon", "--log-format", "xml"], "give one of text, json"],
    [["--log-level", "info"], "--log-level and --log-format need"],
    [["--frobnicate"], "unknown flag --frobnicate"],
    [["-x"], "unknown flag -x"],
    [["--daemon", "--frobnicate"], "unknown flag --frobnicate"],
  ])("refuses %j", (argv, message) => {
    expect(() => read(argv)).toThrow(message);
  });
});

describe("parseListenAddress", () => {
  test.each([
    ["0.0.0.0", "0.0.0.0", undefined],
    ["0.0.0.0:4001", "0.0.0.0", 4001],
    ["example.org:1", "example.org", 1],
    ["[::1]:4001", "::1", 4001],
    ["[::]", "::", undefined],
    ["::1", "::1", undefined],
  ])("%s", (text, host, port) => {
    expect(parseListenAddress(text)).toEqual(port === undefined ? { host } : { host, port });
  });

  test.each(["", ":1", "a:b", "a:99999", "[x]:1", "a:1:2z"])("refuses %j", (text) => {
    expect(() => parseListenAddress(text)).toThrow("no address to listen on");
  });
});
