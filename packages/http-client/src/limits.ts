/** Bounds of the client. */

/** How long a stream that was cut off tries to go on where it was. */
export const RESUME_MS = 30_000;
/** First and longest pause between two attempts. */
export const RETRY_MS_MIN = 200;
export const RETRY_MS_MAX = 5_000;
/** Longest line of a stream, in characters: the largest message in base64, with room. */
export const LINE_LENGTH_MAX = 12 << 20;
