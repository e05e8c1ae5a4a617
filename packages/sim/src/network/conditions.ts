/** What a way from one host to another is like at the moment. */
export interface Conditions {
  readonly latencyMs: number;
  /** Added at random, so that packets overtake each other. */
  readonly jitterMs: number;
  /** Of a packet; it is sent again a while later. */
  readonly loss: number;
  readonly duplication: number;
  readonly bytesPerMs: number;
}

export const GOOD_CONDITIONS: Conditions = {
  latencyMs: 1,
  jitterMs: 1,
  loss: 0,
  duplication: 0,
  bytesPerMs: 10_000,
};
