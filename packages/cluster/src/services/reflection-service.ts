/** gRPC's server reflection, by which `grpcurl` and its like learn what there is; under the name it has now and the one before. */
import { Reflection } from "@lattice/api/supervision";
import type { StreamCall } from "@lattice/grpc-front";
import { reflection } from "@lattice/proto";
import type { ServiceInfo } from "@protobuf-ts/runtime-rpc";
import type { ServiceMethods } from "./member-port.ts";
import { decodeMessage } from "./unary-method.ts";

export function* reflectionService(services: readonly ServiceInfo[]): ServiceMethods {
  const known = new Reflection([...services, reflection.ServerReflection]);
  const handle = async (call: StreamCall): Promise<void> => {
    for await (const bytes of call.requests) {
      const request = decodeMessage(reflection.ServerReflectionRequest, bytes);
      const hasRoom = call.send(reflection.ServerReflectionResponse.toBinary(known.answer(request)));
      if (!hasRoom) await call.drained();
    }
  };
  for (const version of ["v1", "v1alpha"]) {
    yield [`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, { kind: "stream", handle }];
  }
}
