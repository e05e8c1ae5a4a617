/** A front with the methods of a test, and its clients. */
import type {
  GrpcFront,
  GrpcFrontOptions,
  Method,
  OpenFront,
  StreamHandler,
  UnaryHandler,
} from "../../src/index.ts";

export const ECHO = "/test.Echo/Echo";
export const STREAM = "/test.Echo/Stream";

export function unary(handle: UnaryHandler): Method {
  return { kind: "unary", handle };
}

export function stream(handle: StreamHandler): Method {
  return { kind: "stream", handle };
}

/** An echo, one message at a time and many; and `methods`. */
export function opened(
  open: OpenFront,
  methods: Readonly<Record<string, Method>> = {},
  options: Partial<GrpcFrontOptions> = {},
): Promise<GrpcFront> {
  const all = { [ECHO]: unary((request) => request), [STREAM]: stream(echo), ...methods };
  return open({ host: "127.0.0.1", port: 0, methods: new Map(Object.entries(all)), ...options });
}

const echo: StreamHandler = async (call) => {
  for await (const request of call.requests) if (!call.send(request)) await call.drained();
};

/** Resolves when `abort` says so, with the reason. */
export function aborted(signal: AbortSignal): Promise<Error> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason as Error);
    else signal.addEventListener("abort", () => resolve(signal.reason as Error));
  });
}
