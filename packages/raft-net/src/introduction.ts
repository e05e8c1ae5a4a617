/** A call of somebody who is no member, over a connection for that alone. */
import { LatticeError } from "@lattice/model";
import { NOBODY } from "@lattice/raft";
import { Connection } from "./connection.ts";
import { Lane, VERSION, type RefusalNote, type Welcome } from "./hello.ts";
import { FRAME_BYTES_MAX, HELLO_MS_MAX } from "./limits.ts";
import { OpenCalls, type CallRequest } from "./open-calls.ts";
import type { Introduction, PeerAddress } from "./peer-network.ts";
import { dial, type PeerCredentials } from "./tls.ts";

export async function introduce(
  address: PeerAddress,
  credentials: PeerCredentials | undefined,
  request: CallRequest,
): Promise<Introduction> {
  const visit = new Visit(address, credentials);
  try {
    const { cluster, member } = await visit.welcome(request.signal);
    return { cluster, member, answer: await visit.call(request) };
  } finally {
    visit.end();
  }
}

class Visit {
  readonly #address: PeerAddress;
  readonly #credentials: PeerCredentials | undefined;
  readonly #calls = new OpenCalls(NOBODY);
  #connection: Connection | undefined;
  #end = (): void => {};

  constructor(address: PeerAddress, credentials: PeerCredentials | undefined) {
    this.#address = address;
    this.#credentials = credentials;
  }

  welcome(signal: AbortSignal): Promise<Welcome> {
    return new Promise((resolve, reject) => {
      const { socket, isConnectedBy } = dial(this.#address, this.#credentials);
      const fail = (error: Error | undefined) => {
        this.#calls.fail("the connection broke");
        reject(unreachable(this.#address, error));
      };
      const onAbort = () => socket.destroy(new LatticeError("cancelled", "the call was cancelled"));
      const guard = setTimeout(() => socket.destroy(new Error("no answer in time")), HELLO_MS_MAX);
      this.#end = () => {
        clearTimeout(guard);
        signal.removeEventListener("abort", onAbort);
        socket.destroy();
      };
      let broke: Error | undefined;
      socket.once("error", (error) => (broke = error));
      socket.once("close", () => fail(broke));
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      socket.once(isConnectedBy, () => {
        const hello = { version: VERSION, cluster: 0, from: NOBODY, to: NOBODY, lane: Lane.INTRODUCTION };
        const connection = new Connection({
          socket,
          between: () => ({ from: NOBODY, to: NOBODY }),
          bytesMax: () => FRAME_BYTES_MAX,
          received: (packet) => {
            if (packet.kind === "welcome") {
              clearTimeout(guard);
              resolve(packet.welcome);
            } else if (packet.kind === "refusal") reject(refusedBy(this.#address, packet.refusal));
            else this.#calls.received(packet);
          },
          closed: (error) => fail(error),
        });
        this.#connection = connection;
        connection.send({ kind: "hello", hello });
        connection.flush();
      });
    });
  }

  call(request: CallRequest): Promise<Uint8Array> {
    return this.#calls.ask(request, (packet) => this.#connection!.send(packet));
  }

  end(): void {
    this.#end();
  }
}

function unreachable({ host, port }: PeerAddress, cause: Error | undefined): LatticeError {
  if (cause instanceof LatticeError && cause.code === "cancelled") return cause;
  const text = `no member can be reached at ${host}:${port}: ${cause?.message ?? "the connection was closed"}`;
  return new LatticeError("unavailable", text, { details: { outcome: "not-sent" }, cause });
}

function refusedBy({ host, port }: PeerAddress, { text }: RefusalNote): LatticeError {
  return new LatticeError("failed-precondition", `the member at ${host}:${port} refuses: ${text}`, {
    details: { outcome: "not-sent" },
  });
}
