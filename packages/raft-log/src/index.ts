export { SECTOR_BYTES, SEGMENT_BYTES_DEFAULT, WRITE_BYTES_MAX } from "./limits.ts";
export { LogWriter, type LogEnd, type LogWriterOptions, type SegmentWrite } from "./log-writer.ts";
export { recoverLog, type RecoveredLog, type SegmentBytes, type SegmentPlace } from "./recover-log.ts";
export { openRaftLog, type OpenRaftLogOptions } from "./open-raft-log.ts";
export { RaftLog, type LogDisk, type RaftLogOptions } from "./raft-log.ts";
