/** The history as watchers read it: one revision after the other. */
import { changesFrom } from "./history.ts";
import { KeyEvent, type FindBefore } from "./key-event.ts";
import { isInRange, type KeyRange } from "./key-range.ts";
import { keyOf } from "./key-value.ts";
import type { Reading } from "./reading.ts";

/** What one request changed, of some range. */
export interface RevisionEvents {
  readonly revision: number;
  readonly events: readonly KeyEvent[];
}

/**
 * All revisions from `from` on, also those without an event in the range, so that who reads can stop after any of them. Not to be
 * continued after a write. `from` is not compacted.
 */
export function* eventsFrom(
  reading: Reading,
  { from, range, findBefore }: { from: number; range: KeyRange; findBefore: FindBefore },
): Generator<RevisionEvents> {
  let revision = from - 1;
  let events: KeyEvent[] = [];
  for (const change of changesFrom(reading.history, { main: from, sub: 0 })) {
    if (change.main > revision) {
      if (revision >= from) yield { revision, events };
      revision = change.main;
      events = [];
    }
    if (!isInRange(range, keyOf(change.keyValue))) continue;
    const { isDelete, keyValue, previous } = change;
    events.push(new KeyEvent({ revision, isDelete, keyValue, previous }, findBefore));
  }
  if (revision >= from) yield { revision, events };
}
