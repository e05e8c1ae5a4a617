/** What a search may cost, so that it ends: the problem is NP-complete. */
import { CONFIGURATIONS_MAX, STEPS_PER_CLOCK_READING } from "./limits.ts";

export interface Deadline {
  now(): number;
  /** By the same clock. */
  readonly at: number;
}

export interface BudgetOptions {
  /** Calls of the model's `step`, for each partition. */
  readonly stepsMax?: number;
  /** Configurations remembered at a time: what bounds the memory, and with it the time. */
  readonly configurationsMax?: number;
  /** For the whole check. */
  readonly deadline?: Deadline;
}

export type Exhausted = "steps" | "memory" | "time";

/** Of one partition. */
export class Budget {
  readonly #stepsMax: number;
  readonly #configurationsMax: number;
  readonly #deadline: Deadline | undefined;
  #clockReadAt = 0;

  constructor({ stepsMax = Infinity, configurationsMax = CONFIGURATIONS_MAX, deadline }: BudgetOptions) {
    this.#stepsMax = stepsMax;
    this.#configurationsMax = configurationsMax;
    this.#deadline = deadline;
  }

  exhausted(spent: { steps: number; configurations: number }): Exhausted | undefined {
    if (spent.steps >= this.#stepsMax) return "steps";
    if (spent.configurations >= this.#configurationsMax) return "memory";
    if (this.#deadline === undefined || spent.steps < this.#clockReadAt) return undefined;
    this.#clockReadAt = spent.steps + STEPS_PER_CLOCK_READING;
    return this.#deadline.now() >= this.#deadline.at ? "time" : undefined;
  }
}
