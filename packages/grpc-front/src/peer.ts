/** Who is at the other end of a connection. Asked once, since a socket that is closed knows it no more. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

export class Peer {
  /** "127.0.0.1:4321", "[::1]:4321" */
  readonly remote: string;
  /** Of its certificate, where that was verified. */
  readonly commonName: string | undefined;

  constructor(socket: Socket) {
    const { remoteAddress = "", remotePort = 0 } = socket;
    this.remote = `${remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
    this.commonName = socket instanceof TLSSocket ? commonNameOf(socket) : undefined;
  }
}

function commonNameOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  // A subject may name several, which the types do not know.
  const name = socket.getPeerCertificate().subject?.CN as string | readonly string[] | undefined;
  return typeof name === "object" ? name[0] : name;
}
