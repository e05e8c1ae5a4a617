/** Bounds of the log, in bytes. */

/** What a disk writes whole or not at all. Part of the format. */
export const SECTOR_BYTES = 512;
/** Some 20,000 entries of 256 bytes; filled with zeros in some 20 ms, beside the writes. */
export const SEGMENT_BYTES_DEFAULT = 16 << 20;
/** What one write takes at the most; its segment is made as large as it needs. Far above what a leader has uncommitted. */
export const WRITE_BYTES_MAX = 256 << 20;
/** Writes that wait share a frame up to here. More would gain nothing, and leave much of a segment's end unused. */
export const GROUP_BYTES_MAX = 1 << 20;
