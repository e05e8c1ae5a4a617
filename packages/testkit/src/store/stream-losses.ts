/**
 * Of a stream: nothing is lost that is applied while it tells what there is.
 *
 * A stream that is read while nothing happens shows at which moments something could: in front of each of its microtasks
 * and behind each of its events. Then it is read again, once for each of them, with the same ops applied there. It has
 * lost them where it tells, to the letter, what it tells without them; while the state is told, only where the state
 * would have been told otherwise with them (what a change and the state would both tell may be told once).
 *
 * What is to be lost must be something that the stream tells of: that is for the caller to know.
 */
import { POINTS_MAX } from "../limits.ts";
import { ContractViolation } from "./contract-violation.ts";
import type { Consumer } from "./stream-consumer.ts";

export interface LossCase {
  /** The same stream from its beginning, on a copy of the store of its own. */
  readonly begin: () => Consumer;
  /** Applies the ops at the copy that a stream reads. */
  readonly write: (consumer: Consumer) => void;
}

/** A moment: behind so many microtasks of waiting for the event of this index. */
interface Point {
  readonly event: number;
  readonly microtasks: number;
  /** The event has been told. */
  readonly isTold: boolean;
}

export async function assertNothingLost({ begin, write }: LossCase): Promise<void> {
  const { events, points } = await readQuietly(begin());
  const before = events.join();
  const after = await eventsAround(begin(), write);
  for (const point of points) {
    const consumer = begin();
    if ((await eventsAround(consumer, write, point)) !== before) continue;
    const isStateTold = point.event + Number(point.isTold) >= events.length;
    if (!isStateTold && after === before) continue;
    throw new ContractViolation(
      `the stream ${consumer.name} loses an op that is applied ${inWords(point)}; it has to call \`changes\` before it reads the state`,
    );
  }
}

/** What the stream tells where nothing happens, and when something could; the last event of the state comes first. */
async function readQuietly(consumer: Consumer): Promise<{ events: readonly string[]; points: Point[] }> {
  const events: string[] = [];
  const points: Point[] = [];
  for (let event = 0; ; event++) {
    const most = await consumer.microtasksOfNext();
    const next = await consumer.next();
    const isTold = next.kind === "event";
    for (let microtasks = 0; microtasks < most; microtasks++)
      points.push({ event, microtasks, isTold: false });
    if (!isTold) break;
    points.push({ event, microtasks: most, isTold });
    events.push(next.hex);
  }
  await consumer.abortAndDrain();
  const last = points.filter(({ isTold }) => isTold).slice(-1);
  const step = Math.ceil(points.length / POINTS_MAX);
  return { events, points: [...last, ...points.filter((_, index) => index % step === 0)] };
}

/** With the ops applied at the point, or else before the stream begins. */
async function eventsAround(consumer: Consumer, write: LossCase["write"], point?: Point): Promise<string> {
  const events: string[] = [];
  if (point === undefined) write(consumer);
  for (let event = 0; event <= (point?.event ?? -1); event++) {
    const isHere = event === point!.event;
    const run = (): void => write(consumer);
    const next = await consumer.next(isHere ? { microtasks: point!.microtasks, run } : undefined);
    if (next.kind === "event") events.push(next.hex);
  }
  events.push(...(await consumer.readAll()));
  await consumer.abortAndDrain();
  return events.join();
}

function inWords({ event, isTold }: Point): string {
  return isTold ? `behind its event ${event + 1}` : `while its event ${event + 1} is waited for`;
}
