/** What a client is made of that reaches its services in a way of its own. Nothing here needs Node: a browser can load it. */
export { abortError, oneLine } from "./call-error.ts";
export { clientOf, type Caller, type LatticeClient } from "./client.ts";
export { MESSAGE_BYTES_MAX } from "./limits.ts";
export { decodeMessage, encodeMessage } from "./messages.ts";
export { methodsOfStore, type StoreOfType } from "./methods-of-store.ts";
export { hasPosition, positionOf, setPosition } from "./position.ts";
export { replyStream } from "./reply-stream.ts";
