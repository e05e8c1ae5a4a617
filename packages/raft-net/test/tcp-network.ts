/** Members that find each other over loopback, on ports that were free. */
import { NO_INDEX, type MemberId, type RaftTransportEvents } from "@lattice/raft";
import {
  listenTcpPeers,
  type PeerAddress,
  type PeerCredentials,
  type PeerEvents,
  type TcpPeers,
} from "../src/index.ts";

export const CLUSTER = 0xc1;

export class TcpNetwork implements AsyncDisposable {
  readonly members = new Map<MemberId, TcpPeers>();
  readonly #addresses = new Map<MemberId, readonly PeerAddress[]>();
  readonly #credentials: PeerCredentials | undefined;

  constructor(credentials?: PeerCredentials) {
    this.#credentials = credentials;
  }

  async join(id: MemberId, events: RaftTransportEvents & Partial<PeerEvents>): Promise<TcpPeers> {
    const tls = this.#credentials !== undefined;
    const peers = await listenTcpPeers({
      cluster: CLUSTER,
      id,
      listen: [{ host: "127.0.0.1", port: 0, tls }],
      credentials: this.#credentials,
      events: { refused: () => {}, ...events },
    });
    this.members.set(id, peers);
    this.#addresses.set(id, peers.addresses);
    for (const each of this.members.values()) each.setPeers(this.#addresses, NO_INDEX);
    return peers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peers of this.members.values()) await peers.close();
  }
}
