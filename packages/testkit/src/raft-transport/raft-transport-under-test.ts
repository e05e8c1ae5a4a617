import type { MemberId, Message, RaftTransport, RaftTransportEvents } from "@lattice/raft";

export interface RaftTransportUnderTest {
  /** A network of its own for each check, by which members with these ids can reach each other. */
  open(ids: readonly MemberId[]): Promise<RaftTransportNetwork>;
}

export interface RaftTransportNetwork extends AsyncDisposable {
  /** One of them comes to be, or comes back. */
  join(id: MemberId, events: RaftTransportEvents): Promise<RaftTransport>;
}

/** What came to a member, and a way to wait for it. */
export class Inbox implements RaftTransportEvents {
  readonly messages: Message[] = [];
  readonly lostMembers: MemberId[] = [];
  #wake = (): void => {};

  readonly received = (message: Message): void => {
    this.messages.push(message);
    this.#wake();
  };

  readonly lost = (member: MemberId): void => {
    this.lostMembers.push(member);
    this.#wake();
  };

  /** Resolves once that is so. Meanwhile `again` is done whenever nothing has come for a while: a message may be lost. */
  async until(isSo: () => boolean, again?: () => void): Promise<void> {
    while (!isSo()) {
      const news = new Promise<void>((resolve) => (this.#wake = resolve));
      const timer = again && setInterval(again, 50);
      await news;
      clearInterval(timer);
    }
  }
}
