export { JOIN_PROTOCOL, SYNC_PROTOCOL, type SyncChannel } from "./channel.ts";
export { decodeFrame, encodeFrame, toBatchFrame, type Frame } from "./frames.ts";
export { acceptSession, type AcceptOptions } from "./accept.ts";
export { requestJoin, serveJoin, type JoinGrant, type JoinRequestOptions } from "./join.ts";
export {
  SyncSession,
  type PeerDigest,
  type SessionEnd,
  type SessionOptions,
  type SyncResult,
} from "./session.ts";
