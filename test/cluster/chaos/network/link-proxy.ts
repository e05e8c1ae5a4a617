/** A port before a member's own port, through which its connections run, so that they can be held and cut. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { End, LinkTable } from "./link-table.ts";

export interface LinkProxyOptions {
  readonly links: LinkTable;
  /** The member behind it. */
  readonly to: End;
  readonly targetPort: number;
  /** Who connects, by the port that it connects from; undefined where nobody knows. */
  readonly whoConnects: (remotePort: number, proxyPort: number) => End | undefined;
}

export class LinkProxy {
  readonly port: number;
  readonly #options: LinkProxyOptions;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  private constructor(server: Server, options: LinkProxyOptions) {
    this.#server = server;
    this.#options = options;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => this.#accept(socket));
  }

  static async open(options: LinkProxyOptions): Promise<LinkProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new LinkProxy(server, options);
  }

  /** Resets what is open now, and lets everybody come again. */
  reset(): void {
    for (const pair of [...this.#pairs]) pair.destroy();
  }

  close(): void {
    this.#server.close();
    this.reset();
  }

  #accept(near: Socket): void {
    const { links, to, targetPort, whoConnects } = this.#options;
    // Of those who are gone again before they could be asked.
    near.on("error", () => undefined);
    const from = whoConnects(near.remotePort!, this.port);
    if (from === undefined || links.state(from, to) === "cut" || links.state(to, from) === "cut") {
      drop(near);
      return;
    }
    const far = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    const pair = new Pair({ near, far, from, to, links });
    this.#pairs.add(pair);
    pair.onEnd = () => this.#pairs.delete(pair);
  }
}

interface PairOptions {
  readonly near: Socket;
  readonly far: Socket;
  readonly from: End;
  readonly to: End;
  readonly links: LinkTable;
}

class Pair {
  onEnd = (): void => undefined;
  readonly #options: PairOptions;
  readonly #forget: () => void;

  constructor(options: PairOptions) {
    this.#options = options;
    const { near, far, from, to, links } = options;
    this.#forward(near, far, from, to);
    this.#forward(far, near, to, from);
    this.#forget = links.onChange(() => this.#update());
    this.#update();
  }

  destroy(): void {
    const { near, far } = this.#options;
    drop(near);
    drop(far);
    this.#forget();
    this.onEnd();
  }

  #forward(source: Socket, sink: Socket, from: End, to: End): void {
    const { links } = this.#options;
    source.setNoDelay(true);
    source.on("data", (chunk) => {
      if (!sink.write(chunk)) source.pause();
    });
    sink.on("drain", () => {
      if (links.state(from, to) === "open") source.resume();
    });
    source.on("end", () => sink.end());
    source.on("error", () => this.destroy());
    source.on("close", () => this.destroy());
  }

  #update(): void {
    const { near, far, from, to, links } = this.#options;
    const states = [links.state(from, to), links.state(to, from)] as const;
    if (states.includes("cut")) {
      this.destroy();
      return;
    }
    flow(near, states[0] === "open");
    flow(far, states[1] === "open");
  }
}

/** With a reset, as a lost process leaves it; not where it is being shut down already, which Node does not survive well. */
function drop(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function flow(source: Socket, isOpen: boolean): void {
  if (isOpen) source.resume();
  else source.pause();
}
