import type { Channel } from "./transport.ts";

export type Accept = (channel: Channel) => void;

/** Hands a channel to its handler; whatever the handler throws, now or in a promise it returned, aborts the channel. */
export function acceptChannel(accept: Accept, channel: Channel): void {
  try {
    const outcome: unknown = accept(channel);
    if (outcome instanceof Promise) outcome.catch(() => channel.abort());
  } catch {
    channel.abort();
  }
}
