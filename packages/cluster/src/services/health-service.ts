/** gRPC's own health service: whether this member can be used, for whoever supervises it or balances between members. */
import { GrpcCode, GrpcError, type StreamCall } from "@lattice/grpc-front";
import { health } from "@lattice/proto";
import type { Health } from "@lattice/api/supervision";
import type { ServiceMethods } from "./member-port.ts";
import { decodeMessage } from "./unary-method.ts";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = health.HealthCheckResponse_ServingStatus;

/** `names`: the services one may ask about; the empty name means the whole member. */
export function* healthService(state: Health, names: ReadonlySet<string>): ServiceMethods {
  const isKnown = (service: string): boolean => service === "" || names.has(service);
  const serviceOf = (bytes: Uint8Array): string => decodeMessage(health.HealthCheckRequest, bytes).service;
  yield [
    "/grpc.health.v1.Health/Check",
    {
      kind: "unary",
      handle: (bytes) => {
        if (!isKnown(serviceOf(bytes))) throw new GrpcError(GrpcCode.NOT_FOUND, "unknown service");
        return answer(state.isServing ? SERVING : NOT_SERVING);
      },
    },
  ];
  const watch = async (call: StreamCall): Promise<void> => {
    for await (const bytes of call.requests) {
      const isAsked = isKnown(serviceOf(bytes));
      for await (const isServing of state.states(call.signal)) {
        call.send(answer(!isAsked ? SERVICE_UNKNOWN : isServing ? SERVING : NOT_SERVING));
      }
    }
  };
  yield ["/grpc.health.v1.Health/Watch", { kind: "stream", handle: watch }];
}

function answer(status: health.HealthCheckResponse_ServingStatus): Uint8Array {
  return health.HealthCheckResponse.toBinary({ status });
}
