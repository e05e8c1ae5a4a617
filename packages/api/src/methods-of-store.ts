/**
 * The methods of one store, typed by the client class of its type's service. Over any client: of a node in this process, or of
 * one that runs elsewhere.
 */
import { serviceInfoOf, type CallOptions, type Methods, type ServiceClass } from "@lattice/store/methods";
import type { LatticeClient } from "./client.ts";

export interface StoreOfType<Client> {
  /** Its id, a unique prefix of that, or its name. */
  readonly store: string;
  /** Such as `KvStoreClient`. Nothing checks that the store is of that type before a method is called. */
  readonly service: ServiceClass<Client>;
}

export function methodsOfStore<Client>(
  { dynamic }: Pick<LatticeClient, "dynamic">,
  { store, service }: StoreOfType<Client>,
): Methods<Client> {
  const methods = serviceInfoOf(service).methods.map(({ I, O, name, localName, serverStreaming }) => {
    const requestOf = (request: object) => ({ store, method: name, message: I.toBinary(I.create(request)) });
    const call = async (request: object, options?: CallOptions): Promise<object> =>
      O.fromBinary((await dynamic.call(requestOf(request), options)).message);
    const subscribe = async function* (request: object, options?: CallOptions): AsyncIterable<object> {
      for await (const { message } of dynamic.subscribe(requestOf(request), options))
        yield O.fromBinary(message);
    };
    return [localName, serverStreaming ? subscribe : call] as const;
  });
  return Object.fromEntries(methods) as unknown as Methods<Client>;
}
