/** The HTTP surface of a node. Loaded only where it is wanted. */
import type { LatticeHandlers, Tracing } from "@lattice/api";
import { Histogram, serveHttp, type HttpServer } from "@lattice/http";
import type { Log } from "@lattice/model";
import type { Node } from "@lattice/node";
import type { StoreType } from "@lattice/store";
import { nodeMetrics } from "./node-metrics.ts";
import { nodeProblems } from "./node-problems.ts";
import { VERSION } from "./version.ts";
import { loadWebToken } from "./web-token.ts";

export interface WebSurfaceOptions {
  readonly port: number;
  readonly pageDirectory: string | undefined;
  readonly tokenPath: string;
  readonly node: Node;
  readonly handlers: LatticeHandlers;
  readonly types: readonly StoreType[];
  readonly tracing: Tracing | undefined;
  readonly log: Log | undefined;
}

export class WebSurface {
  readonly #flushes = new Histogram();

  /** For storages, which are there before the rest is. */
  readonly onFlush = (durationMs: number): void => this.#flushes.observeMs(durationMs);

  /** Fails with `in-use` where the port is taken. */
  async serve({ tokenPath, node, ...options }: WebSurfaceOptions): Promise<HttpServer> {
    return await serveHttp({
      ...options,
      version: VERSION,
      token: loadWebToken(tokenPath),
      problems: () => nodeProblems(node),
      metrics: () => nodeMetrics(node, { version: VERSION, flushes: this.#flushes }),
    });
  }
}
