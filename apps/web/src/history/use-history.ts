/** The intentions of a store as far back as they were read, page by page, and what comes in at the end. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { daemon } from "@lattice/proto";
import { LatticeError } from "@lattice/model/errors";
import { isCancelled } from "../connection/call-problem.ts";
import { lattice } from "../connection/lattice.ts";
import { useStoreStatus } from "../data/queries.ts";

const PAGE_COUNT = 1_000;
const NOTHING = new Uint8Array(0);

export interface History {
  /** In the order in which this node witnessed them, the oldest first; without their payloads. */
  readonly intentions: readonly daemon.IntentionInfo[];
  /** In the store's log. */
  readonly total: number | undefined;
  readonly hasOlder: boolean;
  readonly isReading: boolean;
  readonly error: unknown;
  /** One page, or as many as it takes to have so many intentions. */
  readonly readOlder: (count?: number) => void;
}

export function useHistory(id: string): History {
  const [intentions, setIntentions] = useState<readonly daemon.IntentionInfo[]>([]);
  const [hasOlder, setHasOlder] = useState(true);
  const [isReading, setIsReading] = useState(true);
  const [error, setError] = useState<unknown>();
  const { data: status } = useStoreStatus(id);
  const reader = useRef<HistoryReader>(undefined);
  const readAll = useCallback(async (read: (reader: HistoryReader) => Promise<void>) => {
    const { current } = reader;
    if (current === undefined || current.isReading) return;
    setIsReading(true);
    setError(undefined);
    try {
      await read(current);
    } catch (failure) {
      if (!isCancelled(failure)) setError(failure);
    } finally {
      if (reader.current === current) setIsReading(false);
    }
  }, []);
  useEffect(() => {
    const own = new HistoryReader(id, () => {
      setIntentions(own.intentions);
      setHasOlder(own.hasOlder);
    });
    reader.current = own;
    void readAll((current) => current.readOlder(1));
    return () => own.close();
  }, [id, readAll]);
  const total = status === undefined ? undefined : Number(status.intentionCount);
  useEffect(() => {
    if (total !== undefined) void readAll((current) => current.readNewer(total));
  }, [total, readAll, isReading]);
  const readOlder = useCallback(
    (count = 0) =>
      void readAll((current) => current.readOlder(Math.max(count, current.intentions.length + 1))),
    [readAll],
  );
  return { intentions, total, hasOlder, isReading, error, readOlder };
}

class HistoryReader {
  readonly #id: string;
  readonly #onChange: () => void;
  readonly #calling = new AbortController();
  #older: Uint8Array = NOTHING;
  #limit = PAGE_COUNT;
  intentions: readonly daemon.IntentionInfo[] = [];
  hasOlder = true;
  isReading = false;

  constructor(id: string, onChange: () => void) {
    this.#id = id;
    this.#onChange = onChange;
  }

  close(): void {
    this.#calling.abort();
  }

  /** Until there are so many, or no more. */
  async readOlder(count: number): Promise<void> {
    await this.#alone(async () => {
      while (this.hasOlder && this.intentions.length < count) {
        const { intentions, next } = await this.#page(this.#older);
        this.#older = next;
        this.hasOlder = next.length > 0;
        this.intentions = [...intentions.toReversed(), ...this.intentions];
        this.#onChange();
      }
    });
  }

  /** What was witnessed since the latest that is known, if the log has become that long. */
  async readNewer(total: number): Promise<void> {
    const latest = this.intentions.at(-1)?.witnessSeq ?? 0n;
    if (latest === 0n || BigInt(total) <= latest) return;
    await this.#alone(async () => {
      let newer: readonly daemon.IntentionInfo[] = [];
      let cursor: Uint8Array = NOTHING;
      do {
        const { intentions, next } = await this.#page(cursor);
        newer = [...intentions.filter(({ witnessSeq }) => witnessSeq > latest).toReversed(), ...newer];
        cursor = intentions.every(({ witnessSeq }) => witnessSeq > latest) ? next : NOTHING;
      } while (cursor.length > 0);
      this.intentions = [...this.intentions, ...newer];
      this.#onChange();
    });
  }

  async #alone(read: () => Promise<void>): Promise<void> {
    this.isReading = true;
    try {
      await read();
    } finally {
      this.isReading = false;
    }
  }

  /** Where intentions are so large that a page of them is too large, smaller pages. */
  async #page(cursor: Uint8Array): Promise<daemon.IntentionPage> {
    for (;;) {
      try {
        const request = { store: this.#id, limit: this.#limit, cursor };
        const page = await lattice.store.history(request, { signal: this.#calling.signal });
        return { ...page, intentions: page.intentions.map(withoutPayload) };
      } catch (error) {
        const isTooLarge = error instanceof LatticeError && error.code === "too-large";
        if (!isTooLarge || this.#limit === 1) throw error;
        this.#limit = Math.ceil(this.#limit / 4);
      }
    }
  }
}

function withoutPayload(intention: daemon.IntentionInfo): daemon.IntentionInfo {
  return { ...intention, payload: NOTHING };
}
