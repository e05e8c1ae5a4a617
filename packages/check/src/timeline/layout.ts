/**
 * Where everything of a timeline stands, in pixels.
 *
 * Across: one column from each call or return to the next, however long that took, so that everything can be read; a column
 * grows with the steps in it. Down: a row for each client, and one more wherever its operations overlap. A step stands in
 * the column of the latest call up to it, which lies within its operation because the order respects the times.
 */
import type { Explanation, ShownOperation, ShownStep } from "../explain-violation.ts";

export const BAR_HEIGHT = 30;
const ROW_HEIGHT = 52;
/** Steps stand on the upper edge of a bar, where they leave its text free. */
const BAR_TOP = 15;
const COLUMN_WIDTH_MIN = 44;
const STEP_WIDTH = 26;

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly clients: readonly ClientRows[];
  readonly points: readonly Point[];
  /** Where the stuck operation returns. */
  readonly end: number;
}

export interface ClientRows {
  readonly client: number;
  readonly top: number;
  readonly height: number;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly operation: ShownOperation;
  readonly left: number;
  readonly width: number;
  readonly top: number;
}

export interface Point {
  readonly step: ShownStep;
  readonly x: number;
  readonly y: number;
}

export function layOut(explanation: Explanation): Layout {
  const columns = new Columns(explanation);
  const clients = rowsOfClients(explanation.operations, columns);
  const bars = new Map(
    clients.flatMap((rows) => rows.bars.map((bar) => [bar.operation.index, bar] as const)),
  );
  const stuck = explanation.operations.find(({ isStuck }) => isStuck)!;
  return {
    width: columns.width,
    height: clients.reduce((height, rows) => height + rows.height, 0),
    clients,
    points: explanation.steps.map((step, at) => ({
      step,
      x: columns.xOfStep(at),
      y: bars.get(step.index)!.top,
    })),
    end: columns.right(stuck),
  };
}

/** An event: at one time, calls come before returns. */
type Event = `${"call" | "return"} ${number}`;

class Columns {
  readonly #columnByEvent: ReadonlyMap<Event, number>;
  /** The left edge of each column, and the right edge of the last. */
  readonly #edges: number[];
  readonly #stepXs: readonly number[];

  constructor({ operations, steps }: Explanation) {
    this.#columnByEvent = columnsOfEvents(operations);
    const operationByIndex = new Map(operations.map((operation) => [operation.index, operation]));
    let latest = 0;
    const columnOfStep = steps.map(({ index }) => {
      latest = Math.max(latest, this.#callColumn(operationByIndex.get(index)!));
      return latest;
    });
    const stepCounts = new Array<number>(this.#columnByEvent.size).fill(0);
    for (const column of columnOfStep) stepCounts[column]! += 1;
    this.#edges = [0];
    for (const count of stepCounts) {
      this.#edges.push(this.width + Math.max(COLUMN_WIDTH_MIN, (count + 1) * STEP_WIDTH));
    }
    this.#stepXs = columnOfStep.map((column, at) => {
      const place = at - columnOfStep.indexOf(column) + 1;
      const width = this.#edges[column + 1]! - this.#edges[column]!;
      return this.#edges[column]! + (width * place) / (stepCounts[column]! + 1);
    });
  }

  get width(): number {
    return this.#edges.at(-1)!;
  }

  left(operation: ShownOperation): number {
    return this.#edges[this.#callColumn(operation)]!;
  }

  right({ returnedAt }: ShownOperation): number {
    return returnedAt === undefined
      ? this.width
      : this.#edges[this.#columnByEvent.get(`return ${returnedAt}`)!]!;
  }

  xOfStep(at: number): number {
    return this.#stepXs[at]!;
  }

  #callColumn({ calledAt }: ShownOperation): number {
    return this.#columnByEvent.get(`call ${calledAt}`)!;
  }
}

function columnsOfEvents(operations: readonly ShownOperation[]): ReadonlyMap<Event, number> {
  const events = operations.flatMap(({ calledAt, returnedAt }) => [
    { name: `call ${calledAt}` as const, time: calledAt, kind: 0 },
    ...(returnedAt === undefined
      ? []
      : [{ name: `return ${returnedAt}` as const, time: returnedAt, kind: 1 }]),
  ]);
  events.sort((a, b) => a.time - b.time || a.kind - b.kind);
  return new Map([...new Set(events.map(({ name }) => name))].map((name, column) => [name, column]));
}

function rowsOfClients(operations: readonly ShownOperation[], columns: Columns): readonly ClientRows[] {
  const byClient = Map.groupBy(operations, ({ client }) => client);
  const rows: ClientRows[] = [];
  let top = 0;
  for (const [client, ofClient] of [...byClient].sort(([a], [b]) => a - b)) {
    const bars = stack(ofClient, { columns, top });
    const bottom = Math.max(...bars.map((bar) => bar.top)) - BAR_TOP + ROW_HEIGHT;
    rows.push({ client, top, height: bottom - top, bars });
    top = bottom;
  }
  return rows;
}

/** Each operation, by call, in the first row that is free by then. */
function stack(
  operations: readonly ShownOperation[],
  { columns, top }: { columns: Columns; top: number },
): readonly Bar[] {
  const freeFrom: number[] = [];
  return operations.map((operation) => {
    const left = columns.left(operation);
    const right = columns.right(operation);
    const free = freeFrom.findIndex((from) => from <= left);
    const row = free === -1 ? freeFrom.length : free;
    freeFrom[row] = right;
    const rowTop = top + row * ROW_HEIGHT + BAR_TOP;
    return { operation, left, width: right - left, top: rowTop };
  });
}
