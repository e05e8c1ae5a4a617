/** The server reflection protocol of gRPC, so that `grpcurl` and its like need no .proto files. */
import { descriptor, reflection } from "@lattice/proto";
import type { ServiceInfo } from "@protobuf-ts/runtime-rpc";
import { describeFiles } from "./descriptors/describe-service.ts";
import { GrpcCode } from "@lattice/model/grpc-code";

type Answer = reflection.ServerReflectionResponse["messageResponse"];

export class Reflection {
  readonly #names: readonly string[];
  readonly #files = new Map<string, descriptor.FileDescriptorProto>();
  /** Names the file of each service, method, message and enum. */
  readonly #fileBySymbol = new Map<string, string>();

  constructor(services: readonly ServiceInfo[]) {
    this.#names = services.map((service) => service.typeName);
    for (const file of describeFiles(services)) {
      this.#files.set(file.name!, file);
      for (const symbol of symbolsOf(file)) this.#fileBySymbol.set(symbol, file.name!);
    }
  }

  answer(request: reflection.ServerReflectionRequest): reflection.ServerReflectionResponse {
    return reflection.ServerReflectionResponse.create({
      validHost: request.host,
      originalRequest: request,
      messageResponse: this.#answer(request.messageRequest),
    });
  }

  #answer(request: reflection.ServerReflectionRequest["messageRequest"]): Answer {
    switch (request.oneofKind) {
      case "listServices":
        return {
          oneofKind: "listServicesResponse",
          listServicesResponse: { service: this.#names.map((name) => ({ name })) },
        };
      case "fileByFilename":
        return this.#withDependencies(request.fileByFilename, `file ${request.fileByFilename}`);
      case "fileContainingSymbol":
        return this.#withDependencies(
          this.#fileBySymbol.get(request.fileContainingSymbol),
          `symbol ${request.fileContainingSymbol}`,
        );
      case "fileContainingExtension":
      case "allExtensionNumbersOfType":
        return refusal(GrpcCode.NOT_FOUND, "no extensions are described");
      case undefined:
        return refusal(GrpcCode.INVALID_ARGUMENT, "an empty request");
    }
  }

  /** The file first, then what it needs. */
  #withDependencies(name: string | undefined, wanted: string): Answer {
    if (name === undefined || !this.#files.has(name)) return refusal(GrpcCode.NOT_FOUND, `no ${wanted}`);
    const names = new Set([name]);
    // A set gives what is added while it is read.
    for (const reached of names) for (const needed of this.#files.get(reached)!.dependency) names.add(needed);
    const files = [...names].map((reached) =>
      descriptor.FileDescriptorProto.toBinary(this.#files.get(reached)!),
    );
    return { oneofKind: "fileDescriptorResponse", fileDescriptorResponse: { fileDescriptorProto: files } };
  }
}

function refusal(errorCode: number, errorMessage: string): Answer {
  return { oneofKind: "errorResponse", errorResponse: { errorCode, errorMessage } };
}

function* symbolsOf(file: descriptor.FileDescriptorProto): Iterable<string> {
  const scope = file.package ? `${file.package}.` : "";
  for (const service of file.service) {
    yield scope + service.name!;
    for (const method of service.method) yield `${scope}${service.name!}.${method.name!}`;
  }
  for (const type of file.enumType) yield scope + type.name!;
  for (const message of file.messageType) yield* symbolsOfMessage(scope, message);
}

function* symbolsOfMessage(scope: string, message: descriptor.DescriptorProto): Iterable<string> {
  const name = scope + message.name!;
  yield name;
  for (const type of message.enumType) yield `${name}.${type.name!}`;
  for (const nested of message.nestedType) yield* symbolsOfMessage(`${name}.`, nested);
}
