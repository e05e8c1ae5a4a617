/**
 * The one place where the command line meets a node: over its socket, or in this process. Both packages are large, so
 * each is loaded when a command first needs it.
 */
import { homedir, platform } from "node:os";
import { join } from "node:path";
import type { LatticeClient } from "@lattice/api";
import type { Log } from "@lattice/model";
import type { ServiceInfo } from "@protobuf-ts/runtime-rpc";
import type { ClusterWish } from "./cluster/endpoint-words.ts";
import type { Environment } from "./world.ts";

export interface ListenAddress {
  readonly host: string;
  /** Absent: the node's own choice. */
  readonly port?: number;
}

export interface Reflection {
  /** By the service's full name. */
  service(name: string): ServiceInfo;
}

export interface RunningNode {
  readonly client: LatticeClient;
  readonly dataDirectory: string;
  /** What was amiss at the start, one line each. */
  readonly warnings: readonly string[];
  /** Absent where no page is served. */
  readonly web?: { link(): string } | undefined;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly dataDirectory: string;
  /** Absent: the node's own choice. */
  readonly listen?: readonly ListenAddress[];
  /** Modules of store types, besides those that the data directory remembers. */
  readonly typeModules: readonly string[];
  readonly log?: Log;
  /** Where to serve a page; one that is optional may be missing in the end. */
  readonly web?: { readonly port: number; readonly isOptional: boolean };
  /** Clusters to tell of. */
  readonly clusters?: ClusterWish;
}

export interface NodeAccess {
  /** Throws `unavailable` where no node listens. */
  connect(dataDirectory: string): Promise<LatticeClient>;
  open(options: OpenOptions): Promise<RunningNode>;
  /** `descriptors` is an encoded FileDescriptorSet. */
  reflect(descriptors: Uint8Array): Promise<Reflection>;
}

/** The build puts the page beside the command. */
const pageDirectory = join(import.meta.dirname, "web");

export const systemNodeAccess: NodeAccess = {
  connect: async (dataDirectory) =>
    (await import("@lattice/api/connecting")).connect(socketPath(dataDirectory)),
  open: async ({ web, clusters: wish, ...options }) => {
    const clusters = wish && (await (await import("@lattice/cluster/client")).openClusterView(wish));
    const { openRuntime, openTracing } = await import("@lattice/runtime");
    const tracing = await openTracing();
    const node = await openRuntime({
      ...options,
      ...(tracing === undefined ? {} : { tracing }),
      ...(web === undefined ? {} : { web: { ...web, pageDirectory } }),
      ...(clusters === undefined ? {} : { clusters }),
    });
    const close = async (): Promise<void> => {
      await node.close();
      await clusters?.close();
      await tracing?.close();
    };
    return {
      client: node.client,
      dataDirectory: node.dataDirectory,
      warnings: node.warnings,
      web: node.web,
      close,
    };
  },
  reflect: async (descriptors) => (await import("@lattice/api/connecting")).messageTypesOf(descriptors),
};

// The runtime has the same two rules. They are repeated because a command for the daemon would otherwise load a whole
// node only to learn a path; a test holds them equal.

export function defaultDataDirectory(env: Environment): string {
  if (isGiven(env["LATTICE_DATA"])) return env["LATTICE_DATA"];
  if (platform() === "darwin") return join(homedir(), "Library", "Application Support", "lattice");
  if (platform() === "win32") return join(env["LOCALAPPDATA"] ?? homedir(), "lattice");
  return join(
    isGiven(env["XDG_DATA_HOME"]) ? env["XDG_DATA_HOME"] : join(homedir(), ".local", "share"),
    "lattice",
  );
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

export function socketPath(dataDirectory: string): string {
  return join(dataDirectory, "lattice.sock");
}
