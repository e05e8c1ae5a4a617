/** What the client has set (RFC 9113 §6.5). */
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { readUint32, UINT31_MAX } from "./frame.ts";

export const SettingId = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
} as const;

export const INITIAL_WINDOW_BYTES = 65_535;
const FRAME_BYTES_MIN = 16_384;
const FRAME_BYTES_LIMIT = 16_777_215;
const SETTING_BYTES = 6;

export class ClientSettings {
  headerTableBytes = 4_096;
  streamWindowBytes = INITIAL_WINDOW_BYTES;
  frameBytesMax = FRAME_BYTES_MIN;

  /** The payload of SETTINGS. Throws `ConnectionError` for values that are not allowed (§6.5.2). */
  read(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at + SETTING_BYTES <= end; at += SETTING_BYTES) {
      this.#set(bytes[at]! * 256 + bytes[at + 1]!, readUint32(bytes, at + 2));
    }
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SettingId.HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        break;
      case SettingId.ENABLE_PUSH:
        if (value > 1) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "ENABLE_PUSH is 0 or 1");
        break;
      case SettingId.INITIAL_WINDOW_SIZE:
        if (value > UINT31_MAX) {
          throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE has 31 bits");
        }
        this.streamWindowBytes = value;
        break;
      case SettingId.MAX_FRAME_SIZE:
        if (value < FRAME_BYTES_MIN || value > FRAME_BYTES_LIMIT) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "MAX_FRAME_SIZE is from 2^14 to 2^24 - 1");
        }
        this.frameBytesMax = value;
        break;
      // Of pushes, which there are none of; of lists of headers, which are small; and what came later, to be ignored.
      default:
    }
  }
}

/** The payload of SETTINGS. */
export function encodeSettings(settings: readonly (readonly [id: number, value: number])[]): Uint8Array {
  const bytes = Buffer.alloc(SETTING_BYTES * settings.length);
  settings.forEach(([id, value], index) => {
    bytes.writeUInt16BE(id, SETTING_BYTES * index);
    bytes.writeUInt32BE(value, SETTING_BYTES * index + 2);
  });
  return bytes;
}
