/** The transport port within one process: every message comes, soon and in order, as long as both sides are there. */
import type { MemberId } from "./ids.ts";
import type { Message } from "./message.ts";
import type { RaftTransport, RaftTransportEvents } from "./transport.ts";

export class MemoryRaftNetwork {
  readonly #members = new Map<MemberId, MemoryRaftTransport>();

  /** A member that was there under that id is gone. */
  join(id: MemberId, events: RaftTransportEvents): RaftTransport {
    const transport = new MemoryRaftTransport({ id, network: this, events });
    this.#members.set(id, transport);
    return transport;
  }

  deliver(message: Message): void {
    this.#members.get(message.to)?.receive(message);
  }

  leave(id: MemberId, transport: MemoryRaftTransport): void {
    if (this.#members.get(id) !== transport) return;
    this.#members.delete(id);
    for (const other of this.#members.values()) other.lose(id);
  }
}

class MemoryRaftTransport implements RaftTransport {
  readonly #id: MemberId;
  readonly #network: MemoryRaftNetwork;
  readonly #events: RaftTransportEvents;
  #isClosed = false;

  constructor(options: { id: MemberId; network: MemoryRaftNetwork; events: RaftTransportEvents }) {
    this.#id = options.id;
    this.#network = options.network;
    this.#events = options.events;
  }

  send(message: Message): void {
    if (this.#isClosed) return;
    // Later, as from elsewhere: nobody is called back while it calls.
    queueMicrotask(() => this.#network.deliver(message));
  }

  receive(message: Message): void {
    if (!this.#isClosed) this.#events.received(message);
  }

  lose(member: MemberId): void {
    if (!this.#isClosed) this.#events.lost(member);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#network.leave(this.#id, this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
