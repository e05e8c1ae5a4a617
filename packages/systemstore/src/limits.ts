/** Bounds of what a system op may carry. */
export const NAME_BYTES_MAX = 256;
export const INVITE_DEFAULT_MS = 7 * 24 * 60 * 60 * 1000;
/** The latest time that a `Date` has, so that every expiry can be shown. */
export const EXPIRES_MS_MAX = 8_640_000_000_000_000;
export const SECRET_BYTES = 32;
/** A token is some 200 bytes with a few addresses; longer ones are not read. */
export const TOKEN_CHARS_MAX = 4096;
export const TOKEN_ADDRESSES_MAX = 16;
