/** A member that answers as a test says, and remembers what it was asked. */
import { etcdserverpb, type EtcdErrorName, EtcdError } from "@lattice/etcd-proto";
import {
  GrpcError,
  openNativeFront,
  type GrpcFront,
  type Method,
  type StreamCall,
  type TlsOptions,
  type UnaryHandler,
} from "@lattice/grpc-front";
import { onTestFinished } from "vitest";

const header = { clusterId: 1n, memberId: 1n, revision: 7n, raftTerm: 1n };

export interface Asked {
  readonly method: string;
  readonly session: string | undefined;
  readonly seq: string | undefined;
  readonly token: string | undefined;
}

/** What a call comes to: an answer, a refusal in etcd's words, the loss of the connection, or nothing at all. */
export type Act = "answer" | "hang" | "break" | EtcdErrorName | GrpcError;

export class ScriptedMember {
  readonly asked: Asked[] = [];
  /** By method; the last one goes on for ever. */
  readonly script = new Map<string, Act[]>();
  /** Of `Watch` and `LeaseKeepAlive`. */
  streams: ((call: StreamCall) => Promise<void>)[] = [];
  tokens = 0;
  #front: GrpcFront | undefined;
  #port = 0;
  readonly #tls: TlsOptions | undefined;

  private constructor(tls?: TlsOptions) {
    this.#tls = tls;
  }

  static async start(tls?: TlsOptions): Promise<ScriptedMember> {
    const member = new ScriptedMember(tls);
    await member.listen();
    onTestFinished(() => member.stop());
    return member;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    const unary = (name: string, answer: () => Uint8Array): [string, Method] => [
      name,
      { kind: "unary", handle: this.#handler(name.slice(name.lastIndexOf("/") + 1), answer) },
    ];
    const pb = etcdserverpb;
    const methods = new Map<string, Method>([
      unary("/etcdserverpb.KV/Range", () =>
        pb.RangeResponse.toBinary(pb.RangeResponse.create({ header, count: 5n })),
      ),
      unary("/etcdserverpb.KV/Put", () => pb.PutResponse.toBinary(pb.PutResponse.create({ header }))),
      unary("/etcdserverpb.Cluster/MemberAdd", () =>
        pb.MemberAddResponse.toBinary(pb.MemberAddResponse.create({ header })),
      ),
      unary("/etcdserverpb.Maintenance/Status", () =>
        pb.StatusResponse.toBinary(pb.StatusResponse.create({ header, leader: 1n })),
      ),
      unary("/etcdserverpb.Auth/Authenticate", () =>
        pb.AuthenticateResponse.toBinary(
          pb.AuthenticateResponse.create({ header, token: `token-${++this.tokens}` }),
        ),
      ),
      ["/etcdserverpb.Watch/Watch", { kind: "stream", handle: (call) => this.#stream("Watch", call) }],
      [
        "/etcdserverpb.Lease/LeaseKeepAlive",
        { kind: "stream", handle: (call) => this.#stream("LeaseKeepAlive", call) },
      ],
    ]);
    this.#front = await openNativeFront({
      methods,
      host: "127.0.0.1",
      port: this.#port,
      ...(this.#tls === undefined ? {} : { tls: this.#tls }),
    });
    this.#port = this.#front.port;
  }

  async stop(): Promise<void> {
    const front = this.#front;
    this.#front = undefined;
    await front?.close();
  }

  #handler(method: string, answer: () => Uint8Array): UnaryHandler {
    return async (_, { metadata, signal }) => {
      this.#remember(method, metadata);
      const acts = this.script.get(method) ?? [];
      const act = (acts.length > 1 ? acts.shift() : acts[0]) ?? "answer";
      if (act === "answer") return answer();
      if (act instanceof GrpcError) throw act;
      if (act === "break") void this.stop();
      if (act === "break" || act === "hang") {
        return await new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(new Error("over"))),
        );
      }
      const { code, message } = EtcdError.of(act);
      throw new GrpcError(code as GrpcError["code"], message);
    };
  }

  async #stream(method: string, call: StreamCall): Promise<void> {
    this.#remember(method, call.metadata);
    const handle = this.streams.length > 1 ? this.streams.shift()! : this.streams[0]!;
    await handle(call);
  }

  #remember(method: string, metadata: StreamCall["metadata"]): void {
    const [session, seq, token] = ["lattice-session", "lattice-seq", "token"].map((name) =>
      metadata.get(name),
    );
    this.asked.push({ method, session, seq, token });
  }
}
