/** What people get wrong: each time one line that says what was wrong and what to do, a failure, and nothing lost. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { expectRefusal, json, newNode, sharedNode, startNode, type Answer } from "./daemon.ts";

describe("at a node with two stores", () => {
  const node = sharedNode();
  let store: string;
  let before: string;

  beforeAll(async () => {
    store = await node.answer("store", "create", "first", "--root");
    await node.answer("store", "create", "second", "--root");
    await node.answer("put", "kept", "as it was", "--store", "first");
    before = await node.answer("list", "--store", store, "--json");
  });

  const file = (name: string, content: string): string => {
    const path = join(node.dataDirectory, name);
    writeFileSync(path, content);
    return `@${path}`;
  };

  const refusals: readonly {
    readonly what: string;
    readonly words: () => readonly string[];
    readonly says: readonly (string | RegExp)[];
  }[] = [
    {
      what: "an unknown command",
      words: () => ["fetch", "kept", "--store", "first"],
      says: ['unknown command "fetch"', "help"],
    },
    {
      what: "a slip of the keyboard",
      words: () => ["stroe", "list"],
      says: ['unknown command "stroe"', 'did you mean "store"'],
    },
    { what: "half a command", words: () => ["store"], says: ['"store" needs one of', "create", "rebuild"] },
    {
      what: "an unknown second word",
      words: () => ["store", "lst"],
      says: ['unknown command "store lst"', '"list"'],
    },
    { what: "an unknown flag", words: () => ["store", "list", "--al"], says: ["unknown flag --al"] },
    {
      what: "an unknown store",
      words: () => ["get", "kept", "--store", "third"],
      says: ['no store "third"', "store list"],
    },
    {
      what: "no store where there are two",
      words: () => ["store", "status"],
      says: ["several stores", "--store", "store list"],
    },
    {
      what: "a method without a store",
      words: () => ["get", "kept"],
      says: ['"get" would be a method of a store', "several stores", "--store"],
    },
    {
      what: "a key that is too large",
      words: () => ["put", file("key", "k".repeat(4097)), "v", "--store", "first"],
      says: ["key has 4097 bytes", "at most 4096"],
    },
    {
      what: "a value that is too large",
      words: () => ["put", "kept", file("value", "v".repeat((512 << 10) + 1)), "--store", "first"],
      says: ["524289 bytes", "at most 524288"],
    },
    { what: "an empty key", words: () => ["put", "", "v", "--store", "first"], says: ["key is empty"] },
    {
      what: "a file that is not there",
      words: () => ["put", "kept", "@/no/such/file", "--store", "first"],
      says: ['"/no/such/file" does not exist', "text:@"],
    },
    {
      what: "a missing argument",
      words: () => ["put", "kept", "--store", "first"],
      says: ["VALUE is missing", "usage: put KEY VALUE"],
    },
    {
      what: "an argument too many",
      words: () => ["put", "kept", "v", "w", "--store", "first"],
      says: ['"w" is one argument too many', "usage: put KEY VALUE"],
    },
    {
      what: "a number that is none",
      words: () => ["list", "limit=many", "--store", "first"],
      says: ['limit: "many" is no whole number'],
    },
    {
      what: "a number below zero",
      words: () => ["list", "limit=-1", "--store", "first"],
      says: ["limit: -1 is not between 0 and 4294967295"],
    },
    {
      what: "a number too large",
      words: () => ["list", "limit=4294967296", "--store", "first"],
      says: ["limit: 4294967296 is not between"],
    },
    {
      what: "hex that is none",
      words: () => ["put", "hex:0g", "v", "--store", "first"],
      says: ['key: "0g" is not', "hex"],
    },
    {
      what: "base64 that is none",
      words: () => ["put", "kept", "base64:*", "--store", "first"],
      says: ["value:", "base64"],
    },
    {
      what: "a condition that is no hash",
      words: () => ["put", "kept", "v", "if=old", "--store", "first"],
      says: ['"old" is not a hash'],
    },
    {
      what: "a condition that does not hold",
      words: () => ["put", "kept", "v", "if=none", "--store", "first"],
      says: ['"kept"'],
    },
    {
      what: "a message that is no JSON",
      words: () => ["batch", "{", "--store", "first"],
      says: ["writes:", "JSON"],
    },
    {
      what: "a field of a message that is unknown",
      words: () => ["batch", '{"kee":"a"}', "--store", "first"],
      says: ["kee"],
    },
    {
      what: "an unknown store type",
      words: () => ["store", "create", "--root", "--type", "core:table"],
      says: ['no store type "core:table"', "core:kvstore"],
    },
    {
      what: "an unknown role",
      words: () => ["peer", "invite", "--role", "king", "--store", "first"],
      says: ['no role "king"', "writer"],
    },
    {
      what: "no time span",
      words: () => ["peer", "invite", "--expires", "soon", "--store", "first"],
      says: ['"soon" is no time span', "7d"],
    },
    {
      what: "an unknown invite",
      words: () => ["peer", "uninvite", "abcd", "--store", "first"],
      says: ['no invite starts with "abcd"', "peer invites"],
    },
    {
      what: "an unknown intention",
      words: () => ["debug", "intention", "00000000", "--store", "first"],
      says: ["no intention here starts with 00000000"],
    },
    {
      what: "no token at all",
      words: () => ["join", "let-me-in"],
      says: ["no invite", 'starts with "lattice1"'],
    },
    {
      what: "a cut-off token",
      words: () => ["join", "lattice1biqakkyvy"],
      says: ["token is damaged", "ask for a new one"],
    },
    {
      what: "a listening address without a node",
      words: () => ["store", "list", "--listen", "127.0.0.1"],
      says: ["--listen needs --daemon or --embedded"],
    },
  ];

  it.each(refusals)("refuses $what", async ({ words, says }) => {
    expectRefusal(await node.run(words()), ...says);
  });

  it("has changed nothing by any of that", async () => {
    expect(await node.answer("list", "--store", store, "--json")).toBe(before);
    expect((await node.answer("store", "list")).split("\n")).toHaveLength(2);
  });

  it("names all stores that a prefix could mean", async () => {
    // Sixteen first digits: of seventeen stores two begin alike.
    const script = "store create --root\n".repeat(15);
    expect(await node.run(["-"], script)).toMatchObject({ code: 0, err: "" });
    const { stores } = await json<{ stores: { id: string; name: string }[] }>(node, "store", "list");
    const byDigit = Map.groupBy(stores, ({ id }) => id[0]!);
    const [digit, alike] = [...byDigit].find(([, group]) => group.length > 1)!;
    const dashed = alike.map(({ id }) => `${id.slice(0, 8)}-${id.slice(8, 12)}`);
    expectRefusal(await node.run(["get", "kept", "--store", digit]), `"${digit}" could be`, ...dashed);
  });

  it("stops a script at the line that is wrong, and says which", async () => {
    const script = "# a comment\nput one 1 --store first\n\nput 'two\nput three 3 --store first\n";
    expectRefusal(await node.run(["-"], script), /^error: line 4: /, "quote");
    expectRefusal(await node.run(["-"], "store use first\n\u0000\u0001\u0002\n"), /^error: line 2: /);
    const inJson = await node.run(["-", "--json"], "fetch\n");
    expect(JSON.parse(inJson.err)).toMatchObject({ error: { line: 1 } });
    expect(await node.run(["-"], "count --store first\n")).toEqual({ code: 0, out: "2\n", err: "" });
  });
});

describe("an invite", () => {
  const inviter = sharedNode();
  const guest = sharedNode();
  beforeAll(() => inviter.answer("store", "create", "--root"));

  it("is refused where it is damaged", async () => {
    const token = await inviter.answer("peer", "invite");
    for (const at of [9, 60, token.length - 1]) {
      const other = token[at] === "a" ? "b" : "a";
      const damaged = token.slice(0, at) + other + token.slice(at + 1);
      expectRefusal(await guest.run(["join", damaged]), "the token is damaged", "copy it whole");
    }
    expect(await guest.answer("store", "list")).toBe("");
  });

  it("is refused where it was taken back", async () => {
    const { token, invite } = await json<{ token: string; invite: string }>(inviter, "peer", "invite");
    await inviter.answer("peer", "uninvite", invite.slice(0, 8));
    expectRefusal(withoutNotes(await guest.run(["join", token])), "taken back", "ask for a new one");
  });

  it("is refused where the inviter does not know it", async () => {
    const forgetful = await startNode();
    await forgetful.answer("store", "create", "--root");
    const token = await forgetful.answer("peer", "invite");
    const { addresses } = await json<{ addresses: string[] }>(forgetful, "node", "status");
    await forgetful.stop();
    for (const name of ["stores", "meta.db"]) {
      rmSync(join(forgetful.dataDirectory, name), { recursive: true });
    }
    const port = /\/tcp\/(\d+)/.exec(addresses.join())![1]!;
    await newNode(forgetful.dataDirectory, { LATTICE_LISTEN: `127.0.0.1:${port}` }).start();
    expectRefusal(
      withoutNotes(await guest.run(["join", token])),
      "does not know this invite",
      "ask for a new one",
    );
  });

  it("is refused where it has expired", async () => {
    const token = await inviter.answer("peer", "invite", "--expires", "1s");
    const early = await startNode();
    // Who has used it may use it again, until its time is over.
    let answer = await early.run(["join", token]);
    while (answer.code === 0) answer = await early.run(["join", token]);
    expectRefusal(withoutNotes(answer), "expired", "ask for a new one");
  });

  it("is refused where somebody else has used it", async () => {
    const token = await inviter.answer("peer", "invite");
    await guest.answer("join", token);
    const late = await startNode();
    expectRefusal(
      withoutNotes(await late.run(["join", token])),
      "used by somebody else",
      "ask for a new one",
    );
    expectRefusal(withoutNotes(await inviter.run(["join", token])), "made the invite itself", "another node");
  });
});

/** Joining tells how far it has come before it fails. */
function withoutNotes({ code, out, err }: Answer): Answer {
  return { code, out, err: err.replaceAll(/^note: .*\n/gm, "") };
}
