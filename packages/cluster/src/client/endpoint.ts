/** Where a member serves clients, as people and etcd's member lists write it. */
import { LatticeError } from "@lattice/model";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Undefined where nothing says so. */
  readonly isTls: boolean | undefined;
}

const CLIENT_PORT_DEFAULT = 2379;

/** `HOST`, `HOST:PORT`, `[IPV6]:PORT`, each also behind `http://` or `https://`. Throws `invalid-argument`. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:(https?):\/\/)?(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]@]+))(?::(\d{1,5}))?\/?$/.exec(text);
  const port = Number(match?.[4] ?? CLIENT_PORT_DEFAULT);
  if (match === null || port < 1 || port > 65_535) {
    throw new LatticeError(
      "invalid-argument",
      `"${text}" is no endpoint; write HOST:PORT, http://HOST:PORT or https://HOST:PORT`,
    );
  }
  const scheme = match[1];
  return {
    host: (match[2] ?? match[3])!,
    port,
    isTls: scheme === undefined ? undefined : scheme === "https",
  };
}

export function endpointText({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
