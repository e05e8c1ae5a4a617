/** The prompt in a real terminal: completion, Ctrl-C, lines that come from elsewhere, progress, colours. */
import { describe, expect, it } from "vitest";
import { LATTICE, newNode, startNode, type NodeProcess } from "./daemon.ts";
import { hasTmux, Screen } from "./tmux.ts";

const PROMPT = /^lattice:[0-9a-f]{4}>$/;

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1);
}

function atPrompt(text: string): boolean {
  return PROMPT.test(lastLine(text));
}

async function open(node: NodeProcess, columns = 80): Promise<Screen> {
  const screen = new Screen({
    // Says how it has ended, and leaves the screen as it is.
    command: ["sh", "-c", '"$0" "$@"; echo "ended with $?"; exec cat', process.execPath, LATTICE],
    env: {
      PATH: process.env["PATH"],
      HOME: node.dataDirectory,
      LATTICE_DATA: node.dataDirectory,
      LANG: "C.UTF-8",
    },
    columns,
  });
  await screen.until(atPrompt);
  return screen;
}

async function withStore(): Promise<NodeProcess> {
  const node = await startNode();
  await node.answer("store", "create", "notes", "--root");
  await node.answer("put", "fruit/apple", "green");
  await node.answer("put", "fruit/pear", "yellow");
  return node;
}

describe.skipIf(!hasTmux)("the prompt in a terminal (skipped where tmux is not installed)", () => {
  it("completes a command, a store and a key by Tab, and shows what there is to choose from", async () => {
    const screen = await open(await withStore());
    screen.type("sto");
    screen.press("Tab");
    await screen.until((text) => lastLine(text).endsWith("> store"));
    screen.type("use no");
    screen.press("Tab");
    await screen.until((text) => lastLine(text).endsWith("> store use notes"));
    screen.press("Enter");
    await screen.until(atPrompt);
    screen.type("get fruit/a");
    screen.press("Tab");
    await screen.until((text) => lastLine(text).endsWith("> get fruit/apple"));
    screen.press("Enter");
    await screen.until((text) => text.includes("\ngreen\n") && atPrompt(text));
    screen.type("get fru");
    screen.press("Tab");
    await screen.until((text) => lastLine(text).endsWith("> get fruit/"));
    screen.press("Tab");
    const shown = await screen.until(
      (text) => /fruit\/apple +fruit\/pear/.test(text) && lastLine(text).endsWith("> get fruit/"),
    );
    expect(shown).toMatch(/fruit\/apple +fruit\/pear\s+lattice:[0-9a-f]{4}> get fruit\/$/);
  });

  it("Ctrl-C throws away what is typed, also of several lines, and breaks off what runs, but not the node", async () => {
    const node = await withStore();
    const inviter = await startNode();
    await inviter.answer("store", "create", "theirs", "--root");
    const token = await inviter.answer("peer", "invite");
    await inviter.kill();
    const screen = await open(node, 200);

    screen.type("put half a");
    screen.press("C-c");
    await screen.until((text) => text.includes("> put half a\n") && atPrompt(text));
    screen.enter("put poem 'first");
    await screen.until((text) => lastLine(text) === "…");
    screen.press("C-c");
    await screen.until(atPrompt);
    screen.press("C-c");
    await screen.until((text) => text.includes("(Ctrl-D or quit leaves)") && atPrompt(text));

    screen.enter(`join ${token}`);
    // What takes its time says so.
    await screen.until((text) => /join: connecting … \d+ s$/.test(lastLine(text)));
    screen.press("C-c");
    const after = await screen.until(atPrompt);
    expect(after).toContain("error: the call was cancelled");
    expect(after).not.toContain("… 1 s");
    screen.enter("count");
    await screen.until((text) => text.endsWith("\n2\n" + lastLine(text)) && atPrompt(text));
    expect(await node.answer("count")).toBe("2");
  });

  it("what comes from elsewhere stands above the prompt, and what is being typed stays, however long it is", async () => {
    const node = await withStore();
    const screen = await open(node, 60);
    screen.enter("watch other/");
    await screen.until((text) => text.includes("#1") && text.includes("ready") && atPrompt(text));
    const typed = `put long ${"word ".repeat(20)}end`;
    screen.type(typed);
    const flat = (text: string): string => text.replaceAll("\n", "").replaceAll(/ +/g, " ");
    await screen.until((text) => flat(text).endsWith(typed));
    await node.answer("put", "other/one", "1");
    await node.answer("put", "other/two", "2");
    const shown = await screen.until((text) => text.includes("other/two") && flat(text).endsWith(typed));
    expect(shown).toMatch(
      /#1 put {2}other\/one {2}1\n#1 put {2}other\/two {2}2\nlattice:[0-9a-f]{4}> put long word/,
    );
    // Once: nothing of it is left above.
    expect(flat(shown).split("put long").length).toBe(2);
    screen.press("C-c");
    expect(flat(await screen.until(atPrompt))).toContain(`${typed}lattice:`);
    screen.enter("unsub 1");
    screen.enter("subs");
    await screen.until((text) => lastLine(text).startsWith("lattice:") && /> subs\nlattice/.test(text));
  });

  it("a value can be of several lines, and colours are there", async () => {
    const screen = await open(await withStore());
    screen.enter('put poem "first');
    await screen.until((text) => lastLine(text) === "…");
    screen.enter('second"');
    await screen.until(atPrompt);
    screen.enter("get poem");
    await screen.until((text) => text.includes("\nfirst\nsecond\n") && atPrompt(text));
    screen.enter("list fruit/");
    await screen.until((text) => text.includes("KEY") && atPrompt(text));
    expect(screen.coloured()).toMatch(/\u001b\[1mKEY/);
    expect(screen.coloured()).toMatch(/\u001b\[[0-9;]*36mlattice:/);
  });

  it("says when the node has stopped, and ends by Ctrl-D", async () => {
    const node = newNode();
    await node.start();
    await node.answer("store", "create", "--root");
    const screen = await open(node);
    await node.stop();
    await screen.until((text) => text.includes("* the node has stopped") && atPrompt(text));
    screen.press("C-d");
    expect(await screen.until((text) => text.includes("ended with"))).toMatch(/ended with 0$/);
  });
});
