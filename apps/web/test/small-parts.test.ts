import fc from "fast-check";
import { daemon } from "@lattice/proto";
import { describe, expect, it } from "vitest";
import { linkCodeIn } from "../src/connection/session.ts";
import { RUN_COUNT_MAX, withEntries } from "../src/log/entry-run.ts";
import type { LogEntry } from "../src/log/log-messages.ts";
import { ratesOf, withSample } from "../src/overview/activity.ts";
import { formatRoute, parseRoute, STORE_TABS, storePath } from "../src/routing/route.ts";
import { storeTitle, storeTree } from "../src/stores/store-tree.ts";
import { tabsOf } from "../src/stores/store-views.ts";
import { countOf, countText, sizeText } from "../src/text/numbers.ts";
import { shownText } from "../src/text/shown-text.ts";
import { agoText, durationText, hlcToMs, timeText } from "../src/text/times.ts";

describe("places", () => {
  it("are read back from their own paths", () => {
    const hex = fc.stringMatching(/^[0-9a-f]{2,32}$/);
    const tab = fc.constantFrom(...STORE_TABS);
    fc.assert(
      fc.property(hex, tab, fc.string({ minLength: 1 }), (store, which, item) => {
        const path = storePath(store, which, item);
        // A lone surrogate has no address.
        if (!item.isWellFormed()) return;
        expect(parseRoute(path)).toEqual({ page: "store", store, tab: which, item });
        expect(formatRoute(parseRoute(path))).toBe(path);
      }),
    );
    for (const path of ["/", "/stores", "/events", "/cluster"])
      expect(formatRoute(parseRoute(path))).toBe(path);
  });

  it("that nobody made are nowhere", () => {
    for (const path of [
      "/x",
      "/events/1",
      "/stores/zz",
      "/stores/ab/what",
      "/stores/ab/keys/1/2",
      "/stores/ab/keys/%ff",
    ])
      expect(parseRoute(path).page).toBe("nowhere");
  });
});

describe("stores", () => {
  const store = (id: number, parent?: number, name = ""): daemon.Store =>
    daemon.Store.create({
      id: Uint8Array.of(id),
      name,
      parentId: parent === undefined ? new Uint8Array(0) : Uint8Array.of(parent),
    });

  it("stand behind their parents, and as roots where those are not here", () => {
    const lines = storeTree([store(1), store(2), store(3, 1), store(4, 3), store(5, 9)]);
    expect(lines.map(({ id, depth }) => `${id} ${depth}`)).toEqual(["01 0", "03 1", "04 2", "02 0", "05 0"]);
  });

  it("are called by their names, or by their ids", () => {
    expect(storeTitle(store(1, undefined, "notes"))).toBe("notes");
    expect(storeTitle(store(0xab))).toBe("ab");
  });

  it("have a view of their own where their service has one, and all others anyway", () => {
    expect(tabsOf("lattice.kvstore.v1.KvStore")[0]).toBe("keys");
    expect(tabsOf("example.counter.v1.Counters")[0]).toBe("methods");
    expect(tabsOf(undefined)).toContain("history");
  });
});

describe("the end of a log", () => {
  const entry = (place: number): LogEntry => ({
    content: new Uint8Array(0),
    timeMs: 0n,
    author: new Uint8Array(0),
    hash: new Uint8Array(0),
    cursor: Uint8Array.of(place >> 16, (place >> 8) & 255, place & 255),
  });
  const places = (run: readonly LogEntry[]): number[] =>
    run.map(({ cursor }) => cursor[0]! * 65536 + cursor[1]! * 256 + cursor[2]!);

  it("is in order, none twice, in whichever order entries came", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(100))), (batches) => {
        const run = batches.reduce<readonly LogEntry[]>(
          (all, batch) => withEntries(all, batch.map(entry)),
          [],
        );
        expect(places(run)).toEqual([...new Set(batches.flat())].sort((a, b) => a - b));
      }),
    );
  });

  it("lets go of the oldest", () => {
    const run = withEntries(
      [],
      Array.from({ length: RUN_COUNT_MAX + 5 }, (_, at) => entry(at)),
    );
    expect(run).toHaveLength(RUN_COUNT_MAX);
    expect(places(run)[0]).toBe(5);
  });
});

describe("activity", () => {
  it("is the growth between two looks, by the second", () => {
    let samples = withSample([], { timeMs: 1000, intentionCount: 10 });
    samples = withSample(samples, { timeMs: 3000, intentionCount: 30 });
    expect(ratesOf(samples)).toEqual({ times: [3], perSecond: [10] });
    expect(withSample(samples, { timeMs: 3000, intentionCount: 99 })).toBe(samples);
    expect(withSample(samples, { timeMs: 4000, intentionCount: 5 })).toHaveLength(1);
  });
});

describe("words for people", () => {
  it("tell times and durations", () => {
    expect(timeText(0)).toBe("");
    expect(timeText(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe("2026-01-02 03:04:05");
    expect(durationText(59_999)).toBe("59 s");
    expect(durationText(26 * 3_600_000)).toBe("1 day");
    expect(agoText(0, 5)).toBe("never");
    expect(agoText(1_000, 91_000)).toBe("1 min ago");
    expect(agoText(91_000, 1_000)).toBe("in 1 min");
    expect(hlcToMs((1234n << 16n) + 9n)).toBe(1234);
  });

  it("tell counts and sizes", () => {
    expect(countText(1234567n)).toBe("1\u202f234\u202f567");
    expect(countOf(1, "entry", "entries")).toBe("1 entry");
    expect(countOf(0, "key")).toBe("0 keys");
    expect(sizeText(1023)).toBe("1023 B");
    expect(sizeText(1536)).toBe("1.5 KiB");
  });

  it("show what would hide, and nothing else changed", () => {
    expect(shownText("a\u202eb\u0007c\u200b")).toBe("a\\u202eb\\u0007c\\u200b");
    expect(shownText("Ада 👩‍🌾 größer")).toBe("Ада 👩‍🌾 größer");
  });

  it("find the code of a link that was pasted", () => {
    expect(linkCodeIn(" http://localhost:8123/?token=ab_-c#x ")).toBe("ab_-c");
    expect(linkCodeIn(" ab_-c\n")).toBeUndefined();
  });
});
