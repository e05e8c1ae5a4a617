/** Whether there is room on a disk that was full. */
import { statfs } from "node:fs/promises";
import { ROOM_BYTES } from "./limits.ts";

/** For a member to go on for a while: for a segment of its log, and some of its state. */
export async function hasRoomOn(directory: string, bytes: number = ROOM_BYTES): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize >= bytes;
}
