/**
 * The members that are known, and the one that calls go to. It stays the same as long as it answers: whoever reads what he has
 * just written by the same member need not wait for another.
 */
import type * as Grpc from "@grpc/grpc-js";
import { LatticeError } from "@lattice/model";
import { Connection, type ClientTls } from "./connection.ts";
import { parseEndpoint } from "./endpoint.ts";

export interface EndpointsOptions {
  readonly grpc: typeof Grpc;
  readonly endpoints: readonly string[];
  readonly tls: ClientTls | undefined;
}

export class Endpoints {
  readonly #connections: readonly Connection[];
  #at = 0;

  constructor({ grpc, endpoints, tls }: EndpointsOptions) {
    if (endpoints.length === 0)
      throw new LatticeError("invalid-argument", "there is no endpoint to speak to");
    this.#connections = endpoints.map((text) => new Connection({ grpc, endpoint: parseEndpoint(text), tls }));
  }

  get count(): number {
    return this.#connections.length;
  }

  get all(): readonly Connection[] {
    return this.#connections;
  }

  get current(): Connection {
    return this.#connections[this.#at]!;
  }

  /** Whoever failed at `connection` goes on to the next; who finds that others have done so already, stays with theirs. */
  leave(connection: Connection): void {
    if (this.current === connection) this.#at = (this.#at + 1) % this.#connections.length;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
