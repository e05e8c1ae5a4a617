import type { Transport } from "@lattice/net";
import { connect, type ChannelEnds } from "./channel-use.ts";

/** Makes transports of one network, each with an identity of its own, that can reach each other. */
export interface TransportUnderTest {
  open(): Promise<Transport>;
  /** An address where nobody answers. */
  readonly deadAddress: string;
}

export interface NodePair extends ChannelEnds {
  readonly a: Transport;
  readonly b: Transport;
}

/** The nodes of one check, closed when it is over. */
export class TransportNodes implements AsyncDisposable {
  readonly #under: TransportUnderTest;
  readonly #opened: Transport[] = [];

  constructor(under: TransportUnderTest) {
    this.#under = under;
  }

  get deadAddress(): string {
    return this.#under.deadAddress;
  }

  async open(): Promise<Transport> {
    const transport = await this.#under.open();
    this.#opened.push(transport);
    return transport;
  }

  /** Two nodes and the two ends of a channel from the first to the second. */
  async pair(): Promise<NodePair> {
    const [a, b] = [await this.open(), await this.open()];
    return { a, b, ...(await connect(a, b)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.splice(0).map(async (transport) => await transport.close()));
  }
}
