/** The rules of axe: names, contrast, roles, keyboard. */
import axe from "axe-core";
import { expect } from "vitest";
import type { WatchedPage } from "./browser.ts";

interface Violation {
  readonly rule: string;
  readonly help: string;
  readonly where: string;
}

/** Of all that the page shows now. */
export async function expectAccessible({ page }: WatchedPage): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
  const found: Violation[] = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => ({ rule: id, help, where: `${html}\n${failureSummary}` })),
  );
  expect(found).toEqual([]);
}
