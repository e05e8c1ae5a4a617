/** A violation as one page of HTML: no scripts, nothing from elsewhere. What the drawing shows, the lists below it say. */
import type { Explanation, ShownOperation } from "../explain-violation.ts";
import { Html, html } from "./html.ts";
import { layOut, type Bar, type ClientRows, type Layout } from "./layout.ts";
import { CLIENT_WIDTH, STYLE } from "./style.ts";

export function timelineHtml(explanation: Explanation): string {
  const { key } = explanation;
  const title = key === undefined ? "Not linearizable" : `Not linearizable: ${JSON.stringify(key)}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${summary(explanation)} ${chart(explanation)} ${orderFound(explanation)} ${endings(explanation)}
        </main>
      </body>
    </html> `.text;
}

function summary(explanation: Explanation): Html {
  const { operations, operationCount } = explanation;
  const leftOutCount = operationCount - operations.length;
  return html`${finding(explanation)}
    <p class="quiet">
      Time runs to the right, not to scale. A dashed bar has no known outcome: it may take effect at any time
      after its call, or never. Of ${operationCount} operations, ${leftOutCount} that are much earlier, or
      later, are not shown.
    </p>`;
}

function finding({ operations, steps, contradiction }: Explanation): Html {
  if (contradiction !== undefined) {
    const blamed = contradiction.operations.map((index) => operations.find((one) => one.index === index)!);
    return html`<p>These answers cannot be true together: ${contradiction.reason}.</p>
      <ol>
        ${blamed.map((operation) => html`<li>${nameOf(operation)}</li> `)}
      </ol>`;
  }
  const stuck = operations.find(({ isStuck }) => isStuck)!;
  return html`<p>
    There is an order for everything that returned before <a href="#stuck">this operation</a> did, and none
    with it: <strong>${nameOf(stuck)}</strong>. The order that explains most has ${steps.at(-1)?.number ?? 0}
    steps, numbered in the drawing.
  </p>`;
}

function chart(explanation: Explanation): Html {
  const layout = layOut(explanation);
  const placed = new Map(
    explanation.steps.map((step) => [step.index, `step ${step.number}, then ${step.state}`]),
  );
  const size = `width: ${layout.width + CLIENT_WIDTH}px; height: ${layout.height}px`;
  return html`<h2>Timeline</h2>
    <div class="chart" role="region" aria-label="Timeline" tabindex="0">
      <div class="rows" style="${size}">
        ${layout.clients.map((rows) => clientRows(rows, { width: layout.width, placed }))} ${path(layout)}
      </div>
    </div>`;
}

interface Chart {
  readonly width: number;
  /** By index of the operation. */
  readonly placed: ReadonlyMap<number, string>;
}

function clientRows({ client, top, height, bars }: ClientRows, chart: Chart): Html {
  return html`<section
    class="client"
    style="top: ${top}px; height: ${height}px; width: ${chart.width + CLIENT_WIDTH}px"
  >
    <h3>client ${client}</h3>
    <ul>
      ${bars.map((bar) => barHtml({ ...bar, top: bar.top - top }, chart.placed))}
    </ul>
  </section> `;
}

function barHtml({ operation, left, width, top }: Bar, placed: Chart["placed"]): Html {
  const { index, text, calledAt, returnedAt, isStuck, isBlamed } = operation;
  const place = placed.get(index) ?? (isBlamed ? "no place" : "not placed");
  const returned = returnedAt === undefined ? "outcome unknown" : `returned at ${returnedAt}`;
  const classes = [
    "bar",
    ...(isBlamed ? ["stuck"] : []),
    ...(returnedAt === undefined ? ["open"] : []),
    ...(placed.has(index) || isBlamed ? [] : ["unplaced"]),
  ].join(" ");
  const style = `left: ${left + CLIENT_WIDTH}px; width: ${width}px; top: ${top}px`;
  return html`<li class="${classes}" ${isStuck ? html` id="stuck"` : ""} style="${style}" tabindex="0">
    <span class="label" aria-hidden="true">${text}</span>
    <span class="details"
      ><code>${text}</code><br />operation ${index}, called at ${calledAt}, ${returned}; ${place}</span
    >
  </li> `;
}

function path({ width, height, points, end }: Layout): Html {
  const line = points.map(({ x, y }) => `${x},${y}`).join(" ");
  return html`<svg class="path" width="${width}" height="${height}" aria-hidden="true">
    <line class="end" x1="${end}" x2="${end}" y1="0" y2="${height}" />
    <polyline points="${line}" />
    ${points.map(({ x, y, step }) => html`<circle cx="${x}" cy="${y}" r="9" /><text x="${x}" y="${y}">${step.number}</text> `)}
  </svg>`;
}

function orderFound({ steps, stateBefore, operations }: Explanation): Html {
  const byIndex = new Map(operations.map((operation) => [operation.index, operation]));
  return html`<h2>The order that explains most</h2>
    <p>Before: <code>${stateBefore}</code></p>
    <ol start="${steps[0]?.number ?? 1}">
      ${steps.map(({ index, state }) => html`<li>${nameOf(byIndex.get(index)!)}, then <code>${state}</code></li> `)}
    </ol>`;
}

function endings({ endings: states, operations }: Explanation): Html {
  const stuck = operations.find(({ isStuck }) => isStuck)!;
  return html`<h2>Where it ends</h2>
    <p>
      After everything that returned before, the state can be one of these (of many, a few are listed), and in
      none of them could ${nameOf(stuck)} have this outcome:
    </p>
    <ul>
      ${states.map((state) => html`<li><code>${state}</code></li> `)}
    </ul>`;
}

function nameOf({ client, text }: ShownOperation): Html {
  return html`client ${client}, <code>${text}</code>`;
}
