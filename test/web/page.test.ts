/** The page of a node as a person uses it: two nodes, a browser, real everything. The tests build on each other. */
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { Browser, describeInBrowser, expectShown, expectSoon, type WatchedPage } from "./browser.ts";
import { WebNode } from "./web-node.ts";

const counterStore = join(import.meta.dirname, "../../examples/counter-store");

describeInBrowser("the page of a node", () => {
  const ada = new WebNode("--types", counterStore);
  const bert = new WebNode();
  const browser = new Browser();
  let adas: WatchedPage;
  let berts: WatchedPage;
  let token = "";

  beforeAll(async () => {
    await ada.node.answer("node", "set-name", "ada");
    await bert.node.answer("node", "set-name", "bert");
    adas = await browser.open();
    berts = await browser.open();
  });

  it("asks whoever it does not know to sign in, and takes the link that they paste", async () => {
    const link = await bert.node.answer("node", "link");
    await berts.goToOrigin(link);
    const { page } = berts;
    await expectShown(page.getByRole("heading", { name: "Lattice" }));
    await page.getByLabel("Or paste the link").fill("no token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expectShown(page.getByText("this is not the token of this node"));
    expect(await page.getByLabel("Or paste the link").inputValue()).toBe("no token");
    await page.getByLabel("Or paste the link").fill(link);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expectShown(page.getByRole("heading", { name: "bert" }));
  });

  it("opens by the link that the node prints, and shows the node", async () => {
    await adas.signIn(ada.node);
    await expectShown(adas.page.getByRole("heading", { name: "ada", level: 1 }));
    await expectShown(adas.page.getByRole("heading", { name: "No stores yet" }));
  });

  it("creates a store, and writes a key to it", async () => {
    const { page } = adas;
    await page.getByRole("button", { name: "Create a store" }).last().click();
    await dialog(page).getByLabel("Name").fill("notes");
    await dialog(page).getByRole("button", { name: "Create" }).click();
    await expectShown(page.getByRole("heading", { name: "notes", level: 1 }));
    await page.getByRole("button", { name: "New key" }).click();
    await dialog(page).getByLabel("Key", { exact: true }).fill("color");
    await dialog(page).getByLabel("Value", { exact: true }).fill("green");
    await dialog(page).getByRole("button", { name: "Write" }).click();
    await expectShown(page.getByRole("heading", { name: "color" }));
    expect(await valueField(page).inputValue()).toBe("green");
    expect(await ada.node.answer("get", "color", "--store", "notes")).toBe("green");
  });

  it("says at its place what is wrong, and keeps what was typed", async () => {
    const { page } = adas;
    await page.getByRole("button", { name: "New key" }).click();
    await dialog(page).getByLabel("Key", { exact: true }).fill("color");
    await dialog(page)
      .getByLabel("Value", { exact: true })
      .fill("a long text that nobody wants to type twice");
    await dialog(page).getByRole("button", { name: "Write" }).click();
    await expectShown(dialog(page).getByRole("alert"));
    await page.keyboard.press("Escape");
    await page.reload();
    await page.getByRole("button", { name: "New key" }).click();
    expect(await dialog(page).getByLabel("Value", { exact: true }).inputValue()).toContain("type twice");
    await dialog(page).getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("Form of Value").selectOption("hex");
    expect(await valueField(page).inputValue()).toBe("67726565 6e");
    await valueField(page).fill("6");
    await expectShown(page.getByText("this is not hex"));
    expect(await page.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByLabel("Form of Value").selectOption("text");
  });

  it("edits a value, and removes a key after asking", async () => {
    const { page } = adas;
    await valueField(page).fill("yellow");
    await valueField(page).press("Control+Enter");
    await expectShown(page.getByText("All writes"));
    await expectSoon(() => ada.node.answer("get", "color", "--store", "notes")).toBe("yellow");
    await ada.node.answer("put", "doomed", "soon gone", "--store", "notes");
    await keyRow(page, "doomed").click();
    await page.getByRole("button", { name: "Remove the key" }).click();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await expectSoon(() => keyRow(page, "doomed").count()).toBe(0);
  });

  it("shows what others write while it is open", async () => {
    const { page } = adas;
    for (const [key, value] of NOTES) await ada.node.answer("put", key, value, "--store", "notes");
    for (const [key] of NOTES) await expectShown(keyRow(page, key));
  });

  it("warns who types into a key that changes meanwhile, and loses neither", async () => {
    const { page } = adas;
    await keyRow(page, "color").click();
    await expectShown(page.getByRole("heading", { name: "color" }));
    await valueField(page).fill("purple, as I think");
    await ada.node.answer("put", "color", "orange", "--store", "notes");
    await expectShown(page.getByText("The key has changed while you were typing."));
    expect(await valueField(page).inputValue()).toBe("purple, as I think");
    await page.getByRole("button", { name: "Save" }).click();
    await expectShown(page.getByText("Not saved"));
    expect(await valueField(page).inputValue()).toBe("purple, as I think");
    await page.getByRole("button", { name: "Take theirs" }).click();
    await expectSoon(() => valueField(page).inputValue()).toBe("orange");
  });

  it("invites, with a code to scan", async () => {
    const { page } = adas;
    await page.getByRole("link", { name: "Members" }).click();
    await page.getByRole("button", { name: "Invite" }).click();
    await dialog(page).getByLabel("Role").selectOption("admin");
    await dialog(page).getByRole("button", { name: "Make the invite" }).click();
    await expectShown(dialog(page).getByRole("img", { name: "The token as a code to scan" }));
    token = await dialog(page).getByRole("textbox", { name: "Token" }).inputValue();
    expect(token).toMatch(/^lattice1/);
    await adas.picture("invite");
    await dialog(page).getByRole("button", { name: "Done" }).click();
    await expectShown(page.getByRole("cell", { name: "open" }));
  });

  it("joins by the token, and says what is wrong with a bad one", async () => {
    const { page } = berts;
    await page.getByRole("button", { name: "Join a store" }).click();
    await dialog(page)
      .getByLabel("Token of the invite")
      .fill(`${token.slice(0, -6)}`);
    await dialog(page).getByRole("button", { name: "Join" }).click();
    await expectShown(dialog(page).getByRole("alert"));
    await dialog(page).getByLabel("Token of the invite").fill(token);
    await dialog(page).getByRole("button", { name: "Join" }).click();
    await expectShown(page.getByRole("heading", { name: "notes", level: 1 }));
    await expectShown(keyRow(page, "color"));
    await expectShown(adas.page.getByRole("cell", { name: "used" }));
    await expectShown(adas.page.getByRole("row", { name: /bert admin live/ }));
  });

  it("shows a conflict that was made on one node, and ends it on the other", async () => {
    await adas.page.getByRole("link", { name: "Keys", exact: true }).click();
    await keyRow(adas.page, "color").click();
    await keyRow(berts.page, "color").click();
    await bert.stop();
    await expectShown(berts.page.getByText("The node is away."));
    await valueField(adas.page).fill("red, says ada");
    await adas.page.getByRole("button", { name: "Save" }).click();
    await expectSoon(() => ada.node.answer("get", "color", "--store", "notes")).toBe("red, says ada");
    await ada.stop();
    await valueField(berts.page).fill("typed while the node was away");
    const offline = await bert.node.run([
      "--embedded",
      "put",
      "color",
      "blue, says bert",
      "--store",
      "notes",
    ]);
    expect(offline).toMatchObject({ code: 0 });
    await ada.start();
    await bert.start();

    // Both pages find their nodes again by themselves.
    await berts.page.getByText("The node is away.").waitFor({ state: "detached" });
    expect(await valueField(berts.page).inputValue()).toBe("typed while the node was away");
    for (const { page } of [adas, berts])
      await expectShown(page.getByRole("heading", { name: "2 values at once" }));
    await berts.page.getByRole("button", { name: "Undo" }).click();
    await expectShown(keyRow(adas.page, "color").getByText("conflict"));
    await adas.picture("conflict");
    const conflicts = adas.page.getByRole("button", { name: "Conflicts" });
    await conflicts.click();
    await expectShown(adas.page.getByText(/1 conflict in \d+ of \d+ keys/));
    await conflicts.click();

    const kept = berts.page.getByRole("listitem").filter({ hasText: "red, says ada" });
    await kept.getByRole("button", { name: "Keep this" }).click();
    for (const { page } of [adas, berts]) {
      await page.getByRole("heading", { name: "2 values at once" }).waitFor({ state: "detached" });
      await expectSoon(() => valueField(page).inputValue()).toBe("red, says ada");
    }
    await expectSoon(() => ada.node.answer("get", "color", "--store", "notes")).toBe("red, says ada");
    await adas.picture("keys");
  });

  it("draws the history, goes through it by keys, and tells of each intention", async () => {
    const { page } = adas;
    await page.getByRole("link", { name: "History" }).click();
    const drawing = page.getByRole("application");
    await expectShown(page.getByText(/\d+ intentions, 2 authors/));
    await drawing.focus();
    await page.keyboard.press("End");
    const detail = page.getByRole("complementary", { name: "The intention that is looked at" });
    await expectShown(detail.getByText("bert").first());
    const last = await detail.getByRole("heading", { level: 2 }).textContent();
    await page.keyboard.press("ArrowLeft");
    await expectSoon(() => detail.getByRole("heading", { level: 2 }).textContent()).not.toBe(last);
    await page.keyboard.press("ArrowUp");
    await expectShown(detail.getByRole("heading", { name: "Followed by" }));
    await adas.picture("history");
    await page.getByText("List", { exact: true }).click();
    await expectShown(page.getByRole("option", { name: /genesis/ }));
    await page.getByText("Drawing", { exact: true }).click();
  });

  it("tells who has what of whom", async () => {
    const { page } = adas;
    await page.getByRole("link", { name: "Convergence" }).click();
    await page.getByRole("button", { name: "Ask the members" }).click();
    await expectShown(page.getByText("the same set"));
    expect(await page.locator("td.cell-all").count()).toBe(4);
    await adas.picture("convergence");
  });

  it("verifies a store, and syncs it on demand", async () => {
    const { page } = adas;
    await page.getByRole("link", { name: "State" }).click();
    await page.getByRole("button", { name: "Verify" }).click();
    await expectShown(page.getByText("the state is what the log gives"));
    await page.getByRole("button", { name: "Sync now" }).click();
    await expectShown(page.getByText(/bert: received 0, sent 0, the same now/));
  });

  it("follows a log, and appends to it", async () => {
    const { page } = adas;
    await page.getByRole("button", { name: "Child store" }).click();
    await dialog(page).getByLabel("Name").fill("journal");
    await dialog(page).getByLabel("Type").selectOption("core:logstore");
    await dialog(page).getByRole("button", { name: "Create" }).click();
    await expectShown(page.getByRole("heading", { name: "journal", level: 1 }));
    await page.getByLabel("New entry", { exact: true }).fill("the first entry");
    await page.getByRole("button", { name: "Append" }).click();
    await expectShown(page.getByRole("log").getByText("the first entry"));
    for (const line of JOURNAL) await bert.append("journal", line);
    for (const line of JOURNAL) await expectShown(page.getByRole("log").getByText(line));
    await adas.picture("log");
    await page.getByLabel("Show lines with").fill("tomato");
    await expectSoon(() => page.getByRole("log").locator(".log-line").count()).toBe(1);
  });

  it("uses a store type that it has never heard of through its methods", async () => {
    const { page } = adas;
    await page.getByRole("button", { name: "Create a store" }).click();
    await dialog(page).getByLabel("Name").fill("score");
    await dialog(page).getByLabel("Type").selectOption("example:counter");
    await dialog(page).getByRole("button", { name: "Create" }).click();
    await expectShown(page.getByRole("heading", { name: "Increment" }));
    await page.getByLabel("name", { exact: true }).fill("goals");
    await page.getByText("give amount").click();
    await page.getByLabel("amount", { exact: true }).fill("a few");
    await page.getByRole("button", { name: "Call" }).click();
    await expectShown(page.getByText("a whole number, such as 42"));
    await page.getByLabel("amount", { exact: true }).fill("18446744073709551616");
    await page.getByRole("button", { name: "Call" }).click();
    await expectShown(page.getByText(/between 0 and 18446744073709551615/));
    await page.getByLabel("amount", { exact: true }).fill("41");
    await page.getByRole("button", { name: "Call" }).click();
    await expectShown(page.getByText("there is nothing to tell"));
    expect(await ada.node.answer("get", "goals", "--store", "score")).toBe("41");

    await page.getByRole("link", { name: "Watch" }).click();
    await page.getByRole("button", { name: "Start" }).click();
    await expectShown(page.getByText('{"name":"goals","value":41,"ready":false}'));
    await ada.node.answer("increment", "goals", "--store", "score");
    await expectShown(page.getByText('{"name":"goals","value":42,"ready":false}'));
    await adas.picture("methods");
    await page.getByRole("button", { name: "Stop" }).click();
    await expectShown(page.getByText("stopped"));

    await page.getByRole("link", { name: "List" }).click();
    await page.getByRole("button", { name: "Ask" }).click();
    await expectShown(page.getByRole("region", { name: "counters" }).getByText("42"));
    // What was typed for another method is still there.
    await page.getByRole("link", { name: "Increment" }).click();
    expect(await page.getByLabel("amount", { exact: true }).inputValue()).toBe("41");
  });

  it("tells what happens on the node", async () => {
    const { page } = adas;
    await page.getByRole("link", { name: "Overview" }).click();
    await expectShown(page.getByRole("row", { name: /^notes/ }));
    for (const [key, value] of NOTES) await ada.node.answer("put", key, `${value}!`, "--store", "notes");
    await expectShown(page.getByRole("img", { name: /Intentions per second/ }));
    await adas.picture("overview");
    await page.getByRole("link", { name: "Events", exact: true }).click();
    await bert.stop();
    await expectShown(page.getByRole("listitem").filter({ hasText: "bert is gone" }).first());
    await bert.start();
    await page.getByLabel("Kind").selectOption("peer connected");
    await expectShown(page.getByRole("listitem").filter({ hasText: "notes" }).first());
  });

  it("is used by keys alone", async () => {
    const { page } = adas;
    await page.keyboard.press("?");
    await expectShown(dialog(page).getByText("go anywhere by name"));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await dialog(page).getByRole("combobox").fill("notes");
    await page.keyboard.press("Enter");
    await expectShown(page.getByRole("heading", { name: "notes", level: 1 }));
    await page.keyboard.press("/");
    await page.keyboard.type("color");
    await expectSoon(() => page.getByRole("listbox").getByRole("option").count()).toBe(1);
    await page.getByRole("listbox").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expectShown(page.getByRole("heading", { name: "color" }));
    await page.keyboard.press("]");
    await expectShown(page.getByRole("heading", { name: "Put" }));
    await page.keyboard.press("t");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await expectShown(page.getByRole("row", { name: /^notes/ }));
    await adas.picture("dark");
    await page.keyboard.press("t");
  });

  it("is used on a phone", async () => {
    const { page } = adas;
    await page.setViewportSize({ width: 375, height: 720 });
    await page.getByRole("button", { name: "Open the menu" }).click();
    await page.getByRole("link", { name: "notes" }).click();
    await page.getByLabel("Keys that start with", { exact: true }).fill("");
    await expectShown(keyRow(page, "garden/beans"));
    await adas.picture("phone");
    await keyRow(page, "color").click();
    await expectShown(page.getByRole("heading", { name: "color" }));
    await page.getByRole("button", { name: "Back to the keys" }).click();
    await expectShown(keyRow(page, "garden/beans"));
  });

  it("signs out, and shows nothing from then on", async () => {
    const { page } = berts;
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await expectShown(page.getByText("the node does not know you yet"));
    await page.reload();
    await expectShown(page.getByText("the node does not know you yet"));
  });

  it("asks nobody but its node, and has nothing to complain of", () => {
    expect(adas.complaints).toEqual([]);
    expect(berts.complaints).toEqual([]);
  });
});

const NOTES = [
  ["garden/tomatoes", "twelve, by the south wall"],
  ["garden/beans", "not before the ice saints"],
  ["house/keys", "with the neighbours"],
  ["recipes/bread", "flour 500 g\nwater 350 g\nsalt 10 g"],
] as const;

const JOURNAL = ["sowed beans", "the first tomato is red", "rain, at last"];

function dialog(page: Page): Locator {
  return page.getByRole("dialog");
}

function keyRow(page: Page, key: string): Locator {
  return page.getByRole("option").filter({ has: page.getByText(key, { exact: true }) });
}

function valueField(page: Page): Locator {
  return page.locator(".value-editor textarea");
}
