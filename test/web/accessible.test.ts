/** Every place of the page, in both themes and on a phone, held to the rules of axe: names, contrast, roles, keyboard. */
import { beforeAll, expect, it } from "vitest";
import { expectAccessible } from "./accessibility.ts";
import { Browser, describeInBrowser, expectShown, type WatchedPage } from "./browser.ts";
import { seedStores, type SeededStores } from "./seeded-stores.ts";
import { WebNode } from "./web-node.ts";

const looks = [
  { name: "light", options: { colorScheme: "light" } },
  { name: "dark", options: { colorScheme: "dark" } },
  { name: "on a phone", options: { colorScheme: "light", viewport: { width: 375, height: 720 } } },
] as const;

describeInBrowser("the page is accessible", () => {
  const node = new WebNode();
  let stores: SeededStores;

  beforeAll(async () => {
    stores = await seedStores(node.node);
  });

  for (const { name, options } of looks) {
    describeInBrowser(name, () => {
      const browser = new Browser(options);
      let seen: WatchedPage;

      beforeAll(async () => {
        seen = await browser.open();
        await seen.signIn(node.node);
      });

      it.each([
        ["the overview", () => "/", "Running for"],
        ["the stores", () => "/stores", "core:logstore"],
        ["events", () => "/events", "Nothing yet"],
        ["no cluster", () => "/cluster", "told of no cluster"],
        ["nowhere", () => "/no/such/place", "There is no place"],
        ["keys", () => `/stores/${stores.notes}/keys`, "garden/beans"],
        ["a key", () => `/stores/${stores.notes}/keys/${hex("garden/beans")}`, "All writes"],
        ["a log", () => `/stores/${stores.journal}/log`, "sowed beans"],
        ["a method", () => `/stores/${stores.notes}/methods/Resolve`, "End a conflict"],
        ["a stream", () => `/stores/${stores.notes}/methods/Watch`, "Changes of a key"],
        ["the history", () => `/stores/${stores.notes}/history`, "a merge"],
        ["an intention", () => `/stores/${stores.notes}/history/${stores.intention}`, "Witnessed here"],
        ["convergence", () => `/stores/${stores.notes}/convergence`, "Known by"],
        ["members", () => `/stores/${stores.notes}/members`, "in 6 days"],
        ["the state of a store", () => `/stores/${stores.notes}/state`, "app/keys"],
      ])("shows %s without a violation", async (_, path, sign) => {
        await seen.goTo(path());
        await expectShown(seen.page.getByText(sign).first());
        await expectAccessible(seen);
      });

      it.each([
        ["what the keys do", "?", "go anywhere by name"],
        ["where to go", "Control+k", "Nothing is called that."],
        ["how to create", "c", "For people, and for the command line."],
        ["how to join", "j", "Whoever invites finds it"],
      ])("opens %s without a violation", async (_, key, sign) => {
        await seen.goTo("/stores");
        await expectShown(seen.page.getByRole("heading", { name: "Stores", level: 1 }));
        await seen.page.keyboard.press(key);
        if (key === "Control+k") await seen.page.getByRole("dialog").getByRole("combobox").fill("zzz");
        await expectShown(seen.page.getByText(sign).first());
        await expectAccessible(seen);
      });

      it("shows an invite without a violation", async () => {
        await seen.goTo(`/stores/${stores.notes}/members`);
        await seen.page.getByRole("button", { name: "Invite" }).click();
        await seen.page.getByRole("button", { name: "Make the invite" }).click();
        await expectShown(seen.page.getByRole("textbox", { name: "Token" }));
        await expectAccessible(seen);
      });

      it("shows mistakes and nested fields of a form without a violation", async () => {
        await seen.goTo(`/stores/${stores.notes}/methods/Batch`);
        await seen.page.getByRole("button", { name: "Add writes" }).click();
        await seen.page.getByLabel("Form of key").selectOption("hex");
        await seen.page.getByLabel("key", { exact: true }).fill("xyz");
        await seen.page.getByRole("button", { name: "Call" }).click();
        await expectShown(seen.page.getByText("hex is pairs of the digits"));
        await expectAccessible(seen);
      });

      it("fits the width of the window", async () => {
        for (const path of [
          "/",
          "/stores",
          `/stores/${stores.notes}/keys`,
          `/stores/${stores.notes}/members`,
        ]) {
          await seen.goTo(path);
          await expectShown(seen.page.getByRole("heading", { level: 1 }));
          if (path.endsWith("members")) await expectShown(seen.page.getByText("in 6 days").first());
          const beyond = await seen.page.evaluate("document.documentElement.scrollWidth - innerWidth");
          expect(beyond, path).toBeLessThanOrEqual(0);
        }
      });
    });
  }
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
