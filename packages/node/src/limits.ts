/** How often, how long and how many: of one node (weaver.md §6, §7). */

/** First and longest pause before a peer that could not be reached is tried again. */
export const REDIAL_MS_MIN = 500;
export const REDIAL_MS_MAX = 60_000;
/** How long a peer that broke the protocol is left alone. */
export const FAULT_PAUSE_MS = 60_000;
export const DIAL_WAIT_MS = 15_000;
/** Within this, two sessions with one peer come from both having dialled at once; later, from one being dead. */
export const SIMULTANEOUS_MS = 2_000;
/** A session that stood that long ends the pauses that had become longer and longer. */
export const STEADY_MS = 10_000;
/** How often is looked whether the time of floating intentions has come. */
export const RECONSIDER_MS = 15_000;
/** Wrong secrets from one peer within a minute that close the door to it, and for how long. */
export const WRONG_SECRETS_MAX = 5;
export const WRONG_SECRETS_WITHIN_MS = 60_000;
export const DOOR_CLOSED_MS = 10 * 60_000;
/** Peers whose wrong secrets are remembered. */
export const DOOR_PEERS_MAX = 4096;
/** How long `store sync` waits for a peer from which nothing comes, and how many lost sessions it puts up with. */
export const SYNC_ATTEMPTS_MAX = 4;
export const SYNC_WAIT_MS = 60_000;
export const NODE_NAME_CHARS_MAX = 64;
/** Events that wait for one slow listener. */
export const EVENTS_PENDING_MAX = 256;
/** Past events that one who comes back can still be told. */
export const EVENTS_KEPT_MAX = 1024;
/** How often who joins is told how far the first sync is. */
export const FIRST_SYNC_TOLD_MS = 500;
/** Peers whose addresses one session tells of. */
export const ADDRESS_BOOK_PEERS_MAX = 64;
