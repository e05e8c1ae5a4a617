/** What a client is made of that reaches its services in a way of its own. */
export { clientOf, type Caller, type LatticeClient } from "./client.ts";
export { replyStream } from "./reply-stream.ts";
