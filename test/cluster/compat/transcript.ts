/** What was done to a cluster and what came of it, with what differs from cluster to cluster masked. */
export interface Exchange {
  /** As a person would type it. */
  readonly asked: string;
  /** Output, errors and exit code; or the answer of a call. */
  readonly answered: string;
}

export type Transcript = readonly Exchange[];
