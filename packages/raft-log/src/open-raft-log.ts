/** Opens a log in a directory, or begins one there. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { LatticeError } from "@lattice/model";
import { toLatticeError } from "./fault.ts";
import { SEGMENT_BYTES_DEFAULT } from "./limits.ts";
import { RaftLog } from "./raft-log.ts";
import { recoverLog, type RecoveredLog } from "./recover-log.ts";
import { listSegments, SegmentFiles, segmentPath, syncDirectory } from "./segment-files.ts";

export interface OpenRaftLogOptions {
  /** Of this log alone, and of this process alone: whoever owns it sees to that. Made where it is not there. */
  readonly directory: string;
  /** How long a segment is: whole sectors of 512 bytes. 16 MiB unless this says otherwise. */
  readonly segmentBytes?: number;
}

/**
 * Rejects with `corrupt` where the log is damaged, with what and where. It never starts without something that was
 * durable: a member that forgot its vote or its entries could break what it promised.
 */
export async function openRaftLog(options: OpenRaftLogOptions): Promise<RaftLog> {
  const { directory, segmentBytes = SEGMENT_BYTES_DEFAULT } = options;
  try {
    const made = mkdirSync(directory, { recursive: true });
    if (made !== undefined) syncDirectory(dirname(made));
    const recovered = recover(directory);
    return await goOn(recovered, { directory, segmentBytes });
  } catch (error) {
    throw toLatticeError(error, directory);
  }
}

async function goOn(recovered: RecoveredLog, options: Required<OpenRaftLogOptions>): Promise<RaftLog> {
  const files = new SegmentFiles({ ...options, current: recovered.end });
  try {
    const log = new RaftLog({ recovered, disk: files, segmentBytes: options.segmentBytes });
    await files.removeNow(recovered.removable);
    return log;
  } catch (error) {
    await files.close();
    throw error;
  }
}

function recover(directory: string): RecoveredLog {
  try {
    return recoverLog(listSegments(directory));
  } catch (error) {
    if (!(error instanceof LatticeError) || error.code !== "corrupt") throw error;
    const file = segmentPath(directory, Number(error.details["segment"]));
    throw new LatticeError("corrupt", `${file} is damaged (${error.message}); ${WHAT_TO_DO}`, {
      details: { ...error.details, file },
      cause: error,
    });
  }
}

const WHAT_TO_DO =
  "nothing was changed: take this member out of its cluster and add it again with an empty directory, " +
  "or restore all of the directory from a copy made after it was stopped";
