/** A cluster on the page of a node: three members in processes of their own, one of which is killed. The tests build on each other. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { lattice, TestCluster } from "../../packages/testkit/src/clusters/index.ts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LATTICE } from "../e2e/daemon.ts";
import { expectAccessible } from "./accessibility.ts";
import { Browser, describeInBrowser, expectShown, expectSoon, type WatchedPage } from "./browser.ts";
import { WebNode } from "./web-node.ts";

describeInBrowser("a cluster on the page of a node", () => {
  const node = new WebNode();
  const browser = new Browser();
  const directory = mkdtempSync(join(tmpdir(), "lattice-web-cluster-"));
  let cluster: TestCluster;
  let seen: WatchedPage;

  beforeAll(async () => {
    cluster = await TestCluster.start({ program: lattice(LATTICE), size: 3, directory });
    seen = await browser.open();
    await seen.signIn(node.node);
  });

  afterAll(async () => {
    await cluster?.end();
    rmSync(directory, { recursive: true, force: true });
  });

  const rowOf = (name: string): Locator =>
    seen.page
      .getByRole("row")
      .filter({ has: seen.page.getByRole("rowheader", { name: new RegExp(`^${name}\\b`) }) });
  const cellOf = (name: string, column: string): Locator => {
    const at = ["Endpoint", "Role", "Term", "Committed", "Applied"].indexOf(column);
    return rowOf(name).getByRole("cell").nth(at);
  };

  it("is nothing where the node was told of none, which says how to", async () => {
    await seen.page.getByRole("link", { name: "Cluster", exact: true }).click();
    await expectShown(seen.page.getByRole("heading", { name: "Cluster", level: 1 }));
    await expectShown(seen.page.getByText("--endpoints HOST:PORT,…"));
  });

  it("shows all members where one was named, with the one that leads", async () => {
    await node.stop();
    await node.start("--endpoints", cluster.addresses[0]!);
    const { name: leader } = await cluster.leader();
    for (const { name, address } of cluster.members) {
      await expectShown(rowOf(name).getByText(name === leader ? "leader" : "follower", { exact: true }));
      await expectShown(rowOf(name).getByText(address));
      await expectShown(rowOf(name).getByText("well"));
    }
    await expectShown(seen.page.getByText(`${leader} leads in term`));
    await expectShown(seen.page.getByText("3 of 3 members answer"));
  });

  it("tells the terms and indexes that the command line tells, and follows them", async () => {
    await node.node.answer("cluster", "put", "fruit/apple", "green", "--endpoints", cluster.addresses[1]!);
    const told = await node.node.answer("cluster", "status", "--json", "--endpoints", cluster.addresses[1]!);
    const members = told.split("\n").flatMap((line) => JSON.parse(line) as MemberStatus | MemberStatus[]);
    expect(members).toHaveLength(3);
    for (const { name, term, index } of members) {
      await expectSoon(() => cellOf(name, "Term").innerText()).toBe(String(term));
      await expectSoon(async () =>
        Number(await cellOf(name, "Committed").innerText()),
      ).toBeGreaterThanOrEqual(index);
      await expectSoon(async () => Number(await cellOf(name, "Applied").innerText())).toBeGreaterThanOrEqual(
        index,
      );
    }
  });

  it("shows a member that was killed as away, and who leads instead", async () => {
    const killed = await cluster.leader();
    await killed.end("SIGKILL");
    await expectShown(rowOf(killed.name).getByText("away", { exact: true }));
    await expectShown(rowOf(killed.name).getByText(`no member answers at ${killed.address}`));
    await expectShown(seen.page.getByText("2 of 3 members answer"));
    const { name } = await cluster.leader();
    expect(name).not.toBe(killed.name);
    await expectShown(rowOf(name).getByText("leader", { exact: true }));
    await seen.picture("cluster");
  });

  it.each([
    ["light", 1200],
    ["dark", 375],
  ] as const)("is accessible, %s and %d wide", async (colorScheme, width) => {
    const { page } = seen;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 760 });
    await expectShown(seen.page.getByRole("region", { name: "Table of members of cluster" }));
    await expectAccessible(seen);
    const beyond = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(beyond).toBeLessThanOrEqual(0);
  });

  it("shows a member that is back", async () => {
    const gone = cluster.members.find(({ isRunning }) => !isRunning)!;
    gone.start();
    await expectShown(rowOf(gone.name).getByText("follower", { exact: true }));
    await expectShown(seen.page.getByText("3 of 3 members answer"));
  });

  it("says that nobody leads where most are gone", async () => {
    const leader = await cluster.leader();
    for (const member of cluster.members) if (member !== leader) await member.end("SIGKILL");
    await expectShown(seen.page.getByText("No member leads: 1 of 3 members answer"));
    expect(seen.complaints).toEqual([]);
  });
});

interface MemberStatus {
  readonly name: string;
  readonly term: number;
  readonly index: number;
}
