/** What the headers of a request say about the call: what is to be done, or why it is refused. Both fronts ask here. */
import type { Metadata, Method } from "./call.ts";
import { GrpcCode } from "./grpc-error.ts";
import { parseGrpcTimeout } from "./grpc-timeout.ts";
import type { Status } from "./status.ts";

/** The method, and after how many ms the client gives up; undefined where it waits for ever. */
export interface AcceptedHead {
  readonly method: Method;
  readonly timeoutMs: number | undefined;
}

export interface RefusedHead {
  /** 200 where gRPC is spoken; others for who speaks something else, as gRPC's document on HTTP codes has it. */
  readonly httpStatus: number;
  readonly status: Status;
}

/** Codes and texts are those of grpc-go. */
export function judgeHead(
  metadata: Metadata,
  methods: ReadonlyMap<string, Method>,
): AcceptedHead | RefusedHead {
  const httpMethod = metadata.get(":method");
  if (httpMethod !== "POST") {
    return refuse(
      405,
      GrpcCode.INTERNAL,
      `Received a HEADERS frame with :method ${JSON.stringify(httpMethod)} which should be POST`,
    );
  }
  const contentType = metadata.get("content-type") ?? "";
  if (!isGrpc(contentType)) {
    return refuse(
      415,
      GrpcCode.INVALID_ARGUMENT,
      `invalid gRPC request content-type ${JSON.stringify(contentType)}`,
    );
  }
  const timeout = metadata.get("grpc-timeout");
  const timeoutMs = timeout === undefined ? undefined : parseGrpcTimeout(timeout);
  if (typeof timeoutMs === "string") return refuse(400, GrpcCode.INTERNAL, timeoutMs);
  const path = metadata.get(":path") ?? "";
  const method = methods.get(path);
  if (method === undefined) return refuse(200, GrpcCode.UNIMPLEMENTED, whyUnknown(path, methods));
  const encoding = metadata.get("grpc-encoding");
  if (encoding !== undefined && encoding !== "identity") {
    return refuse(200, GrpcCode.UNIMPLEMENTED, noDecompressor(encoding));
  }
  return { method, timeoutMs };
}

export function noDecompressor(encoding: string): string {
  return `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
}

function refuse(httpStatus: number, code: GrpcCode, message: string): RefusedHead {
  return { httpStatus, status: { code, message } };
}

/** "application/grpc", "application/grpc+proto", "application/grpc; charset=utf-8" */
function isGrpc(contentType: string): boolean {
  return contentType === "application/grpc" || /^application\/grpc[+;]/iu.test(contentType);
}

function whyUnknown(path: string, methods: ReadonlyMap<string, Method>): string {
  const at = path.lastIndexOf("/");
  if (!path.startsWith("/") || at === 0) return `malformed method name: ${JSON.stringify(path)}`;
  const service = path.slice(1, at);
  for (const known of methods.keys()) {
    if (known.startsWith(`/${service}/`)) {
      return `unknown method ${path.slice(at + 1)} for service ${service}`;
    }
  }
  return `unknown service ${service}`;
}
