/** Large writes, for as long as a disk is to be filled: what the members have set aside is used up soon. */
import { setTimeout as delay } from "node:timers/promises";
import type { RecordedHistory } from "../history.ts";
import { StoreClient } from "./store-client.ts";

const VALUE_BYTES = 200_000;
const CLIENT_NUMBER = 90;
const DEADLINE_MS = 3_000;
const PAUSE_MS = 30;

export class HeavyLoad {
  readonly #world: { readonly history: RecordedHistory; readonly nextAddress: () => string };
  #running: AbortController | undefined;
  #written = 0;
  #users = 0;

  constructor(world: { readonly history: RecordedHistory; readonly nextAddress: () => string }) {
    this.#world = world;
  }

  /** As often as it is stopped. */
  start(): void {
    this.#users += 1;
    if (this.#running !== undefined) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#running?.abort();
    this.#running = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { history, nextAddress } = this.#world;
    using client = new StoreClient({
      number: CLIENT_NUMBER,
      history,
      nextAddress,
      deadlineMs: DEADLINE_MS,
      paddingBytes: VALUE_BYTES,
    });
    while (!signal.aborted) {
      await client.put("chaos/heavy", `heavy-${++this.#written}`);
      await delay(PAUSE_MS);
    }
  }
}
