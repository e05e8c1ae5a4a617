/** Bounds of users, roles, tokens and passwords. */

/** Of a user or a role. Its row's key, which storage bounds; etcd's bound is larger, and nobody's names come near either. */
export const NAME_BYTES_MAX = 4_096;
/** Of a user with its roles or a role with its permissions, encoded; some 20,000 permissions of short keys. */
export const ROW_BYTES_MAX = 1 << 20;

/** What follows a token's random part is the place in the log where it was given out. */
export const TOKEN_LETTERS = 16;
/** As in etcd: for so long after it was last used at a member, that member takes a token. */
export const TOKEN_TTL_MS = 5 * 60_000;
/** Past it, the one that was not used for longest goes; its owner logs in again. Some 200 bytes each. */
export const TOKENS_MAX = 100_000;
/** How long a member that is behind waits until it has seen a token given out. etcd waits as long as the client does. */
export const TOKEN_WAIT_MS = 5_000;

/** Base-2 logarithm of scrypt's cost: 32 MiB and some 80 ms for each password, about what etcd's bcrypt takes. */
export const PASSWORD_COST_DEFAULT = 15;
/** 1 GiB for each. */
export const PASSWORD_COST_MAX = 20;
/** Hashed at a time: half of the threads that node:fs has too, so that the log's writes never wait behind passwords. */
export const PASSWORDS_AT_ONCE = 2;
/** That wait for their turn, at most; beyond it a request is refused. */
export const PASSWORDS_WAITING_MAX = 128;
