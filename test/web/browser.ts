/**
 * Debian's Chromium, and pages of nodes in it. Where it is not installed the tests are skipped, unless `LATTICE_REQUIRE_CHROMIUM`
 * is set, as CI does. `LATTICE_CHROMIUM` names another one.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  chromium,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import type { NodeProcess } from "../e2e/daemon.ts";

const CHROMIUM = process.env["LATTICE_CHROMIUM"] ?? "/usr/bin/chromium";
const isRequired = (process.env["LATTICE_REQUIRE_CHROMIUM"] ?? "") !== "";
const isThere = existsSync(CHROMIUM);

/** How long something may take to show up: a guard against what never does, on a machine that others use, too. */
const WAIT_MS = Number(process.env["LATTICE_WEB_WAIT_MS"] ?? 60_000);

/** That it is there to be seen, now or after a while. */
export async function expectShown(locator: Locator): Promise<void> {
  await locator.waitFor();
}

/** As `expect`, of what becomes so after a while. */
export function expectSoon<T>(read: () => T | Promise<T>) {
  return expect.poll(read, { timeout: WAIT_MS, interval: 50 });
}

/** Where pictures for the documents go; nowhere, unless they are asked for. */
const pictures = process.env["LATTICE_WEB_PICTURES"];

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Tests that need a browser. */
export function describeInBrowser(name: string, body: () => void): void {
  const title = isThere ? name : `${name} (skipped: there is no Chromium at ${CHROMIUM})`;
  if (!isThere && isRequired)
    throw new Error(`there is no Chromium at ${CHROMIUM}: apt-get install chromium`);
  describe.skipIf(!isThere)(title, () => {
    body();
  });
}

/** One browser for the tests of a `describe`, in which this is called. */
export class Browser {
  #context: BrowserContext | undefined;
  readonly #directories: string[] = [];

  constructor(options: BrowserContextOptions = {}) {
    beforeAll(async () => {
      const directory = mkdtempSync(join(tmpdir(), "lattice-chromium-"));
      this.#directories.push(directory);
      this.#context = await chromium.launchPersistentContext(directory, {
        executablePath: CHROMIUM,
        headless: true,
        args: ARGUMENTS,
        viewport: { width: 1200, height: 760 },
        colorScheme: "light",
        ...options,
      });
      this.#context.setDefaultTimeout(WAIT_MS);
    });
    afterEach(async ({ task }) => {
      if (task.result?.state === "fail") await this.#showWhatIsThere();
    });
    afterAll(async () => {
      await this.#context?.close();
      for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true });
    });
  }

  /** What a person would have seen when the test failed. */
  async #showWhatIsThere(): Promise<void> {
    for (const [at, page] of this.#context!.pages().entries()) {
      const path = join(tmpdir(), `lattice-failed-${process.pid}-${at}.png`);
      await page.screenshot({ path });
      console.log(`${page.url()}: ${path}`);
    }
  }

  async open(): Promise<WatchedPage> {
    return new WatchedPage(await this.#context!.newPage());
  }
}

/** A page that notes whatever it should not do. */
export class WatchedPage {
  readonly page: Page;
  /** Complaints of the browser, faults of the page's program, requests to others. */
  readonly complaints: string[] = [];
  #origin = "";

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#complain(message.text());
    });
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== this.#origin)
        this.complaints.push(`request to ${request.url()}`);
    });
  }

  /** Signs in by a link of the node, as a person does. */
  async signIn(node: NodeProcess): Promise<void> {
    const link = await node.answer("node", "link");
    this.#origin = new URL(link).origin;
    await this.page.goto(link);
    await this.page.getByRole("heading", { name: "Node", exact: true }).waitFor();
  }

  /** To the page that the link is of, without what signs in. */
  async goToOrigin(link: string): Promise<void> {
    this.#origin = new URL(link).origin;
    await this.page.goto(this.#origin);
  }

  async goTo(path: string): Promise<void> {
    await this.page.goto(this.#origin + path);
  }

  /** For the documents. */
  async picture(name: string): Promise<void> {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    const path = join(pictures, `${name}.png`);
    await this.page.screenshot({ path, animations: "disabled", caret: "hide" });
    // Fewer colours make it a third as large, where that program is there.
    spawnSync("pngquant", ["--force", "--skip-if-larger", "--output", path, "96", path]);
  }

  /** A node that is away is no fault of the page, and neither is what the browser says about it. */
  #complain(text: string): void {
    if (/net::ERR_|Failed to load resource|ERR_CONNECTION/.test(text)) return;
    this.complaints.push(text);
  }
}
