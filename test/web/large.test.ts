/** The page with much to show: a hundred thousand keys, ten thousand intentions. Times are printed, and none is asserted. */
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { connect, type LatticeClient } from "../../packages/api/src/index.ts";
import { kvstoreV1 } from "../../packages/kvstore/src/index.ts";
import { Browser, describeInBrowser, expectShown, expectSoon, type WatchedPage } from "./browser.ts";
import { WebNode } from "./web-node.ts";

const KEY_COUNT = 100_000;
const INTENTION_COUNT = 10_000;
const BATCH_COUNT = 1_000;

describeInBrowser("the page with much to show", () => {
  const node = new WebNode();
  const browser = new Browser();
  let seen: WatchedPage;
  let keys = "";
  let writes = "";

  beforeAll(async () => {
    await using client = await connect(join(node.node.dataDirectory, "lattice.sock"));
    keys = await storeOfKeys(client);
    writes = await storeOfWrites(client);
    seen = await browser.open();
    await seen.signIn(node.node);
  });

  it("can be used soon after it is asked for", async () => {
    const { page } = seen;
    const start = performance.now();
    await seen.goTo("/stores");
    await expectShown(page.getByRole("row", { name: /^many keys/ }));
    const shownMs = performance.now() - start;
    const inPage = await page.evaluate<number>(
      "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd",
    );
    console.log(`stores shown after ${shownMs.toFixed(0)} ms, scripts run after ${inPage.toFixed(0)} ms`);
  });

  it("scrolls over all keys and holds only some of them", async () => {
    const { page } = seen;
    await seen.goTo(`/stores/${keys}/keys`);
    const list = page.getByRole("listbox", { name: "Keys" });
    await expectShown(list.getByText("key-000000", { exact: true }));
    await expectShown(page.getByText(/100.000 keys/));
    expect(await loaded()).toBeLessThan(5_000);
    await list.focus();
    await page.keyboard.press("End");
    await expectShown(list.getByText("key-099999", { exact: true }));
    expect(await loaded()).toBeLessThan(5_000);
    await page.keyboard.press("Home");
    await expectShown(list.getByText("key-000000", { exact: true }));

    // Far down by the wheel, page by page, and up again: rows come and go at both ends.
    await list.hover();
    while ((await firstRow()) < 6_500) await page.mouse.wheel(0, 1_000);
    expect(await loaded()).toBeLessThanOrEqual(6_000);
    expect(await list.locator(".key-line").count()).toBeLessThan(100);
    const before = await firstRow();
    await page.mouse.wheel(0, -2_000);
    await expectSoon(() => firstRow()).toBeLessThan(before);
    while ((await firstRow()) > 0) await page.mouse.wheel(0, -1_000);

    await page.getByRole("button", { name: "go to…" }).click();
    await page.getByLabel("Go to the first key from here on").fill("key-0543");
    await page.keyboard.press("Enter");
    await expectShown(list.getByText("key-054300", { exact: true }));
    await page.getByLabel("Keys that start with", { exact: true }).fill("key-0777");
    await expectShown(page.getByText(/100 keys/));
    await expectShown(list.getByText("key-077700", { exact: true }));
    await page.getByLabel("Keys that start with", { exact: true }).fill("");

    async function loaded(): Promise<number> {
      return Number(await list.getAttribute("data-loaded"));
    }
    async function firstRow(): Promise<number> {
      const text = await list.locator(".key-name").first().textContent();
      return Number(text!.slice("key-".length));
    }
  });

  it("draws ten thousand intentions, moved and in every size", async () => {
    const { page } = seen;
    await seen.goTo(`/stores/${writes}/history`);
    await expectShown(page.getByText(/1.000 of 10.\d+ intentions/));
    await page.getByRole("button", { name: "All", exact: true }).click();
    await expectShown(page.getByText(/^10.\d+ intentions, 1 author/));
    const drawing = page.getByRole("application");
    const box = (await drawing.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    for (const { name, move } of movements(seen)) console.log(`${name}: ${await framesWhile(seen, move)}`);
    await drawing.focus();
    await page.keyboard.press("Home");
    await expectShown(page.getByRole("complementary").getByText("genesis"));
    expect(seen.complaints).toEqual([]);
  });
});

function movements({
  page,
}: WatchedPage): readonly { readonly name: string; readonly move: () => Promise<void> }[] {
  const wheel = async (x: number, y: number, count: number): Promise<void> => {
    for (let at = 0; at < count; at++) await page.mouse.wheel(x, y);
  };
  return [
    { name: "moved, in large", move: () => wheel(-300, 0, 60) },
    { name: "made smaller", move: () => wheel(0, 60, 60) },
    { name: "moved, in small", move: () => wheel(-40, 0, 60) },
    { name: "made larger", move: () => wheel(0, -60, 60) },
  ];
}

/** How long frames took, as the page saw them. */
async function framesWhile({ page }: WatchedPage, move: () => Promise<void>): Promise<string> {
  await page.evaluate(`
    window.frames_ = [];
    window.isCounting_ = true;
    (function count(before) {
      requestAnimationFrame((now) => {
        if (before > 0) window.frames_.push(now - before);
        if (window.isCounting_) count(now);
      });
    })(0);
  `);
  await move();
  const frames = await page.evaluate<number[]>("window.isCounting_ = false, window.frames_");
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1);
  return `${frames.length} frames, median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms`;
}

async function storeOfKeys(client: LatticeClient): Promise<string> {
  const id = await create(client, "many keys");
  for (let start = 0; start < KEY_COUNT; start += BATCH_COUNT) {
    const writes = Array.from({ length: BATCH_COUNT }, (_, at) => {
      const key = `key-${String(start + at).padStart(6, "0")}`;
      return { key: bytes(key), value: bytes(`value of ${key}`), delete: false };
    });
    await client.dynamic.call({
      store: id,
      method: "Batch",
      message: kvstoreV1.BatchRequest.toBinary({ writes }),
    });
  }
  return id;
}

async function storeOfWrites(client: LatticeClient): Promise<string> {
  const id = await create(client, "many writes");
  let next = 0;
  const writer = async (): Promise<void> => {
    for (let at = next++; at < INTENTION_COUNT; at = next++) {
      const message = kvstoreV1.PutRequest.toBinary({
        key: bytes(`k${at % 50}`),
        value: bytes(`${at}`),
        if: [],
      });
      await client.dynamic.call({ store: id, method: "Put", message });
    }
  };
  await Promise.all(Array.from({ length: 256 }, writer));
  return id;
}

async function create(client: LatticeClient, name: string): Promise<string> {
  const { id } = await client.store.create({ name });
  return Buffer.from(id).toString("hex");
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
