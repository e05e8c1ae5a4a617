/** What the headers of a request say about the call: what is to be done, or why it is refused. Both fronts ask here. */
import type { Method } from "./call.ts";
import { GrpcCode } from "./grpc-error.ts";
import { parseGrpcTimeout } from "./grpc-timeout.ts";
import type { Status } from "./status.ts";

/** Undefined: the header is not there. */
export interface RequestHead {
  readonly httpMethod: string | undefined;
  readonly path: string | undefined;
  readonly contentType: string | undefined;
  /** As in `grpc-timeout`. */
  readonly timeout: string | undefined;
  readonly encoding: string | undefined;
}

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
  { httpMethod, path = "", contentType = "", timeout, encoding }: RequestHead,
  methods: ReadonlyMap<string, Method>,
): AcceptedHead | RefusedHead {
  if (httpMethod !== "POST") {
    const message = `Received a HEADERS frame with :method ${JSON.stringify(httpMethod)} which should be POST`;
    return refuse(405, GrpcCode.INTERNAL, message);
  }
  if (!isGrpc(contentType)) {
    const message = `invalid gRPC request content-type ${JSON.stringify(contentType)}`;
    return refuse(415, GrpcCode.INVALID_ARGUMENT, message);
  }
  const timeoutMs = timeout === undefined ? undefined : parseGrpcTimeout(timeout);
  if (typeof timeoutMs === "string") return refuse(400, GrpcCode.INTERNAL, timeoutMs);
  const method = methods.get(path);
  if (method === undefined) return refuse(200, GrpcCode.UNIMPLEMENTED, whyUnknown(path, methods));
  if (encoding !== undefined && encoding !== "identity") {
    const message = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
    return refuse(200, GrpcCode.UNIMPLEMENTED, message);
  }
  return { method, timeoutMs };
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
