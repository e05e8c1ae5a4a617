/** What was done and found, for the last line. */
export interface Figures {
  rounds: number;
  kills: number;
  /** Of the kills, those of a node that was not ready yet. */
  killsAtStart: number;
  /** Acknowledged writes, each checked at the end of its round at the latest. */
  acknowledged: number;
  /** Comparisons of a node's whole store with what is known of it. */
  checks: number;
  faults: number;
}

export function noFigures(): Figures {
  return { rounds: 0, kills: 0, killsAtStart: 0, acknowledged: 0, checks: 0, faults: 0 };
}
