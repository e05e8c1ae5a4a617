/** A call in which both sides send as they please. */
import type { IMessageType, PartialMessage } from "@protobuf-ts/runtime";
import type { RawStream } from "./grpc-channel.ts";

export class Conversation<Request extends object, Response extends object> {
  readonly #stream: RawStream;
  readonly #request: IMessageType<Request>;
  readonly #answers: AsyncIterator<Uint8Array>;
  readonly #response: IMessageType<Response>;

  constructor(stream: RawStream, request: IMessageType<Request>, response: IMessageType<Response>) {
    this.#stream = stream;
    this.#request = request;
    this.#response = response;
    this.#answers = stream.messages[Symbol.asyncIterator]();
  }

  send(message: PartialMessage<Request>): void {
    this.#stream.send(this.#request.toBinary(this.#request.create(message)));
  }

  /** That no more will be sent. */
  end(): void {
    this.#stream.end();
  }

  /** Undefined where the call has ended well; throws `CallFailure` where it has not. */
  async next(): Promise<Response | undefined> {
    const { done, value } = await this.#answers.next();
    return done === true ? undefined : this.#response.fromBinary(value);
  }

  cancel(): void {
    this.#stream.cancel();
  }
}
