/** Starts to listen. */
import type { AddressInfo, Server } from "node:net";
import { LatticeError } from "@lattice/model";

/** The port that it listens on. Rejects with `in-use` where somebody else does, with `invalid-argument` where nobody can. */
export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(listenError(error, `${host}:${port}`));
    server.once("error", fail);
    server.listen({ host, port }, () => {
      server.off("error", fail);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, address: string): LatticeError {
  if (error.code === "EADDRINUSE") {
    return new LatticeError(
      "in-use",
      `another program listens on ${address}: stop it, or choose another port`,
      {
        cause: error,
      },
    );
  }
  return new LatticeError("invalid-argument", `cannot listen on ${address}: ${error.message}`, {
    cause: error,
  });
}
