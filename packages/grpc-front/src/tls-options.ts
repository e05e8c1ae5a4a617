/** How both fronts speak TLS. */
import type { TlsOptions as NodeTlsOptions } from "node:tls";
import type { TlsOptions } from "./call.ts";

export function nodeTlsOptions({ key, cert, clientCa }: TlsOptions): NodeTlsOptions {
  const asks = clientCa !== undefined;
  return {
    key: pem(key),
    cert: pem(cert),
    // RFC 9113 §9.2 wants at least 1.2.
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2"],
    requestCert: asks,
    rejectUnauthorized: asks,
    ...(asks && { ca: pem(clientCa) }),
  };
}

function pem(text: string | Uint8Array): string | Buffer {
  return typeof text === "string" ? text : Buffer.from(text);
}
