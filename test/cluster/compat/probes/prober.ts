/** Sends single calls, good and bad, and notes each answer: its message, or the code and the text of its error. */
import {
  CallFailure,
  EtcdClient,
  type Conversation,
  type IMessageType,
  type PartialMessage,
  type Rpc,
} from "../../../../packages/testkit/src/clusters/index.ts";
import type { Side } from "../side.ts";

export interface AskOptions {
  /** What this probe is about, where the request does not say so. */
  readonly about?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Of a member other than the leader, its name. */
  readonly at?: string;
  /** It leads to the next, and is not noted. */
  readonly isSilent?: boolean;
  /** Only the code of an error: the text is made by a library that etcd uses. */
  readonly isCodeOnly?: boolean;
  /** What raw bytes in an answer are. */
  readonly answer?: IMessageType<object>;
}

const DEADLINE_MS = 10_000;
/** What is longer is shown by its length. */
const SHOWN_BYTES_MAX = 64;

export class Prober implements Disposable {
  readonly side: Side;
  readonly #clients = new Map<string, EtcdClient>();

  constructor(side: Side) {
    this.side = side;
  }

  async ask<Request extends object, Response extends object>(
    rpc: Rpc<Request, Response>,
    request: PartialMessage<Request>,
    options: AskOptions = {},
  ): Promise<Response | undefined> {
    const message = rpc.request.create(request);
    const asked = `${rpc.path.slice(1)} ${options.about ?? inWords(rpc.request, message)}`;
    const { metadata = {} } = options;
    try {
      const answer = await this.client(options.at).call(rpc, request, { deadlineMs: DEADLINE_MS, metadata });
      this.#note(asked, inWords(rpc.response, answer), options);
      return answer;
    } catch (error) {
      this.#note(asked, failureInWords(error, options.isCodeOnly), options);
      return undefined;
    }
  }

  /** Bytes that need not be a message. */
  async askRaw(path: string, bytes: Uint8Array, options: AskOptions = {}): Promise<void> {
    const asked = `${path.slice(1)} ${options.about ?? Buffer.from(bytes).toString("hex")}`;
    const { metadata = {} } = options;
    try {
      const answer = await this.client(options.at).channel.unary(path, bytes, {
        deadlineMs: DEADLINE_MS,
        metadata,
      });
      const type = options.answer;
      this.#note(
        asked,
        type === undefined ? Buffer.from(answer).toString("hex") : inWords(type, type.fromBinary(answer)),
        options,
      );
    } catch (error) {
      this.#note(asked, failureInWords(error, options.isCodeOnly), options);
    }
  }

  /** The next of a stream. */
  async hear<Request extends object, Response extends object>(
    stream: Conversation<Request, Response>,
    about: string,
    response: IMessageType<Response>,
  ): Promise<Response | undefined> {
    try {
      const answer = await stream.next();
      this.#note(about, answer === undefined ? "(end)" : inWords(response, answer), {});
      return answer;
    } catch (error) {
      this.#note(about, failureInWords(error), {});
      return undefined;
    }
  }

  client(name = this.side.leader.name): EtcdClient {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client = new EtcdClient(this.side.cluster.members.find((member) => member.name === name)!.address);
    this.#clients.set(name, client);
    return client;
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close();
  }

  #note(asked: string, answered: string, { isSilent = false }: AskOptions): void {
    if (!isSilent) this.side.note(asked, answered);
  }
}

function inWords<T extends object>(type: IMessageType<T>, message: T): string {
  return JSON.stringify(type.toJson(message), (name, value: unknown) => {
    // They come in the order of their ids, which means nothing.
    if (name === "members" && Array.isArray(value)) return (value as Named[]).toSorted(byName);
    if (typeof value !== "string" || value.length <= SHOWN_BYTES_MAX) return value;
    return `${value.slice(0, SHOWN_BYTES_MAX)}… (${value.length})`;
  });
}

interface Named {
  readonly name?: string;
}

function byName(a: Named, b: Named): number {
  return (a.name ?? "").localeCompare(b.name ?? "");
}

function failureInWords(error: unknown, isCodeOnly = false): string {
  if (!(error instanceof CallFailure)) throw error;
  return `error ${error.code}${isCodeOnly ? "" : `: ${error.message}`}`;
}
