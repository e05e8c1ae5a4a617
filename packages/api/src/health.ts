/** The health checking protocol of gRPC: whether this node can be used, for whoever supervises it. */
import { EventEmitter, once } from "node:events";
import { LatticeError } from "@lattice/model";
import { health } from "@lattice/proto";
import type { AnyServiceHandlers, CallContext } from "./handlers.ts";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = health.HealthCheckResponse_ServingStatus;

/** One state for the whole node. Starts as serving. */
export class Health {
  readonly #events = new EventEmitter().setMaxListeners(0);
  #isServing = true;

  get isServing(): boolean {
    return this.#isServing;
  }

  set isServing(value: boolean) {
    if (value === this.#isServing) return;
    this.#isServing = value;
    this.#events.emit("change");
  }

  /** The present state, and each that differs from the one told before. States that pass quickly may be left out. */
  async *states(signal: AbortSignal): AsyncIterable<boolean> {
    let told: boolean | undefined;
    while (!signal.aborted) {
      const changed = once(this.#events, "change", { signal });
      // Whoever stops reading leaves it behind.
      changed.catch(() => {});
      if (told !== this.#isServing) {
        told = this.#isServing;
        yield told;
      }
      await changed;
    }
  }
}

/** `names` are the services that clients may ask about; the empty name means the whole node. */
export function healthHandlers(state: Health, names: ReadonlySet<string>): AnyServiceHandlers {
  const isKnown = (service: string): boolean => service === "" || names.has(service);
  return {
    service: health.Health,
    methods: {
      async check({ service }: health.HealthCheckRequest): Promise<object> {
        if (!isKnown(service)) throw new LatticeError("not-found", `no service ${service}`);
        return { status: state.isServing ? SERVING : NOT_SERVING };
      },
      async *watch({ service }: health.HealthCheckRequest, { signal }: CallContext): AsyncIterable<object> {
        for await (const isServing of state.states(signal)) {
          yield { status: !isKnown(service) ? SERVICE_UNKNOWN : isServing ? SERVING : NOT_SERVING };
        }
      },
    },
  };
}
