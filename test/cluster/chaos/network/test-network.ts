/** All the proxies of a cluster, and the ways between its ends. */
import type { MemberProcess, Seat } from "../../../../packages/testkit/src/clusters/index.ts";
import { LinkProxy } from "./link-proxy.ts";
import { CLIENTS, LinkTable, type End, type LinkState } from "./link-table.ts";
import { ownerOfConnection } from "./who-connects.ts";

export class TestNetwork implements Disposable {
  readonly links = new LinkTable();
  readonly #peerProxies = new Map<End, LinkProxy>();
  readonly #clientProxies = new Map<End, LinkProxy>();
  readonly #members: () => readonly MemberProcess[];

  /** Who take part changes. */
  constructor(members: () => readonly MemberProcess[]) {
    this.#members = members;
  }

  /** Before the member starts; answers where the other members find it. */
  async addMember({
    name,
    clientPort,
    peerPort,
  }: Pick<Seat, "name" | "clientPort" | "peerPort">): Promise<number> {
    const { links } = this;
    const peers = await LinkProxy.open({
      links,
      to: name,
      targetPort: peerPort,
      whoConnects: (remotePort, proxyPort) => this.#memberBehind(remotePort, proxyPort),
    });
    const clients = await LinkProxy.open({
      links,
      to: name,
      targetPort: clientPort,
      whoConnects: () => CLIENTS,
    });
    this.#peerProxies.set(name, peers);
    this.#clientProxies.set(name, clients);
    return peers.port;
  }

  removeMember(name: End): void {
    for (const proxies of [this.#peerProxies, this.#clientProxies]) {
      proxies.get(name)?.close();
      proxies.delete(name);
    }
  }

  /** Where clients find a member. */
  clientAddress(name: End): string {
    return `127.0.0.1:${this.#clientProxies.get(name)!.port}`;
  }

  /** The ways between two, or one of them. */
  set(from: End, to: End, state: LinkState, direction: "both" | "one-way" = "both"): void {
    this.links.set(from, to, state);
    if (direction === "both") this.links.set(to, from, state);
  }

  /** All connections to a member are reset once. */
  reset(name: End): void {
    this.#peerProxies.get(name)?.reset();
    this.#clientProxies.get(name)?.reset();
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#peerProxies.keys()]) this.removeMember(name);
  }

  #memberBehind(remotePort: number, proxyPort: number): End | undefined {
    const members = this.#members().filter(({ isRunning }) => isRunning);
    const pid = ownerOfConnection(
      { localPort: remotePort, remotePort: proxyPort },
      members.map((member) => member.pid),
    );
    return members.find((member) => member.pid === pid)?.name;
  }
}
