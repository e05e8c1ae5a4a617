/** examples/todo-page as people use it: two tabs, the command line, and a second node. The tests build on each other. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { json, NodeProcess } from "../e2e/daemon.ts";
import { expectAccessible } from "./accessibility.ts";
import { Browser, describeInBrowser, expectShown, expectSoon, type WatchedPage } from "./browser.ts";

const MAIN = join(import.meta.dirname, "../../examples/todo-page/dist/main.js");

/** The example on a directory, and the command line on the same. */
class TodoNode {
  readonly commands: NodeProcess;
  #port = "0";
  #process: ChildProcess | undefined;

  constructor(directory: string) {
    this.commands = new NodeProcess(directory);
  }

  /** Its link. */
  async start(): Promise<string> {
    const child = spawn(process.execPath, [MAIN, this.commands.dataDirectory, this.#port], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#process = child;
    const ended = once(child, "exit").then(() => Promise.reject(new Error("it did not start")));
    const [line] = (await Promise.race([once(child.stdout, "data"), ended])) as [Buffer];
    ended.catch(() => undefined);
    const link = line.toString().trim();
    this.#port = new URL(link).port;
    return link;
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
}

describeInBrowser("the todo list", () => {
  const directory = mkdtempSync(join(tmpdir(), "lattice-todo-"));
  const todo = new TodoNode(join(directory, "a"));
  const other = new NodeProcess(join(directory, "b"));
  const browser = new Browser();
  let link = "";
  let one: WatchedPage;
  let two: WatchedPage;

  const killAll = (): void => void Promise.all([todo.end("SIGKILL"), other.kill()]);
  beforeAll(async () => {
    process.once("exit", killAll);
    link = await todo.start();
    one = await browser.open();
    two = await browser.open();
  });
  afterAll(async () => {
    process.off("exit", killAll);
    await Promise.all([todo.end("SIGKILL"), other.kill()]);
    rmSync(directory, { recursive: true, force: true });
  });

  const listed = (node: NodeProcess): Promise<string> => node.answer("list", "todo/", "--store", "todo");

  it("is for nobody whom the node does not know", async () => {
    await one.goToOrigin(link);
    await expectShown(one.page.getByText("no token: open the link"));
  });

  it("shows what is added in each tab, and to the command line", async () => {
    await one.page.goto(link);
    await two.goToOrigin(link);
    await one.page.getByLabel("What is to be done").fill("bread");
    await one.page.getByRole("button", { name: "Add" }).click();
    for (const { page } of [one, two]) await expectShown(boxOf(page, "bread"));
    expect(await listed(todo.commands)).toMatch(/^todo\/\S+ +\[ \] bread$/m);
    await expectAccessible(one);
  });

  it("ticks in one tab what the other and the command line then see", async () => {
    await two.page.getByLabel("bread").check();
    await expectSoon(() => boxOf(one.page, "bread").isChecked()).toBe(true);
    await expectSoon(() => listed(todo.commands)).toMatch(/\[x\] bread$/m);
  });

  it("shows what the command line writes, and what it removes", async () => {
    await todo.commands.answer("put", "todo/milk", "[ ] milk", "--store", "todo");
    for (const { page } of [one, two]) await expectShown(boxOf(page, "milk"));
    await todo.commands.answer("delete", "todo/milk", "--store", "todo");
    for (const { page } of [one, two]) await boxOf(page, "milk").waitFor({ state: "detached" });
  });

  it("shows both values of an item that two nodes changed apart, and keeps the one that is chosen", async () => {
    const { entries } = await json<{ entries: { key: string }[] }>(todo.commands, "list", "--store", "todo");
    const { key } = entries[0]!;
    await other.start();
    await other.answer("join", await todo.commands.answer("peer", "invite", "--store", "todo"));
    await expectSoon(() => listed(other)).toMatch(/\[x\] bread$/m);

    await todo.end("SIGTERM");
    await other.answer("put", key, "[ ] brown bread", "--store", "todo");
    await other.stop();
    await todo.start();
    await one.page.reload();
    await one.page.getByLabel("bread").uncheck();
    await expectSoon(() => listed(todo.commands)).toMatch(/\[ \] bread$/m);
    await other.start();

    for (const { page } of [one, two]) await expectShown(page.getByText("Changed twice at once, keep:"));
    await two.page.getByRole("button", { name: "[ ] brown bread" }).click();
    for (const { page } of [one, two]) {
      await page.getByText("Changed twice at once").waitFor({ state: "detached" });
      await expectShown(boxOf(page, "brown bread"));
    }
    await expectSoon(() => listed(other)).toMatch(/\[ \] brown bread$/m);
  });

  it("removes an item", async () => {
    await one.page.getByRole("listitem").getByRole("button", { name: "Remove" }).click();
    for (const { page } of [one, two]) await expectSoon(() => page.getByRole("listitem").count()).toBe(0);
    expect(await listed(todo.commands)).toBe("");
  });

  it("asks nobody but its node, and has nothing to complain of", () => {
    expect([...one.complaints, ...two.complaints]).toEqual([]);
  });
});

function boxOf(page: Page, text: string): Locator {
  return page.getByRole("checkbox", { name: text, exact: true });
}
