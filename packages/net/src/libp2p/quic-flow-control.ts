/**
 * Receive back-pressure for QUIC streams.
 *
 * As of @chainsafe/libp2p-quic 2.1.1 `pause()` on a QUIC stream does nothing: its read loop goes on, and once 4 MiB
 * lie unread libp2p resets the stream. It also takes a reset by the peer for a proper end, and leaves the promises
 * of its own resets unhandled. Here the native streams are wrapped before the muxer gets them:
 * 1. While a stream is paused, nothing is read from the native one, so the peer runs into QUIC's own flow control.
 * 2. A failed read resets the stream.
 * 3. A failed reset of a native stream goes nowhere.
 * To be dropped once the package does this itself.
 */
import { quic, type QuicOptions } from "@chainsafe/libp2p-quic";
import type {
  MultiaddrConnection,
  Stream,
  StreamMuxer,
  StreamMuxerFactory,
  Transport,
  Upgrader,
} from "@libp2p/interface";

/** The parts of the package's native classes that its muxer calls. */
interface NativeStream {
  id(): string;
  read(bytesMax: number): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  finishWrite(): Promise<void>;
  resetWrite(): Promise<void>;
  stopRead(): Promise<void>;
}

interface NativeConnection {
  id(): string;
  inboundStream(): Promise<NativeStream>;
  outboundStream(): Promise<NativeStream>;
}

interface QuicMuxerFactoryInit {
  readonly connection: NativeConnection;
  readonly logger: unknown;
}

/** `QuicStreamMuxerFactory`, which the package does not export; its `init` is public. */
type QuicMuxerFactory = StreamMuxerFactory & {
  readonly init: QuicMuxerFactoryInit;
  readonly constructor: new (init: QuicMuxerFactoryInit) => StreamMuxerFactory;
};

/** What `AbstractMessageStream` of @libp2p/utils lets those who extend it override or call. */
type ExtensibleStream = Stream & { sendResume(): void; onRemoteReset(): void };

type TransportFactory = ReturnType<typeof quic>;

export function quicWithFlowControl(options: Partial<QuicOptions>): TransportFactory {
  const create = quic(options);
  return (components) => {
    const transport = create(components);
    const dial = transport.dial.bind(transport);
    const createListener = transport.createListener.bind(transport);
    const replaced: Pick<Transport, "dial" | "createListener"> = {
      dial: async (address, dialOptions) =>
        await dial(address, { ...dialOptions, upgrader: flowControlled(dialOptions.upgrader) }),
      createListener: (listenOptions) =>
        createListener({ ...listenOptions, upgrader: flowControlled(listenOptions.upgrader) }),
    };
    return Object.assign(transport, replaced);
  };
}

type UpgradeOptions = Parameters<Upgrader["upgradeInbound"]>[1];

function flowControlled(upgrader: Upgrader): Upgrader {
  const adapt = <T extends UpgradeOptions>(options: T): T => ({
    ...options,
    muxerFactory: new FlowControlledMuxerFactory(options.muxerFactory as QuicMuxerFactory),
  });
  return {
    upgradeInbound: async (connection: MultiaddrConnection, options: UpgradeOptions) =>
      await upgrader.upgradeInbound(connection, adapt(options)),
    upgradeOutbound: async (connection: MultiaddrConnection, options: UpgradeOptions) =>
      await upgrader.upgradeOutbound(connection, adapt(options)),
    createInboundAbortSignal: (signal) => upgrader.createInboundAbortSignal(signal),
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
  };
}

class FlowControlledMuxerFactory implements StreamMuxerFactory {
  readonly protocol: string;
  readonly #factory: QuicMuxerFactory;

  constructor(factory: QuicMuxerFactory) {
    this.protocol = factory.protocol;
    this.#factory = factory;
  }

  createStreamMuxer(connection: MultiaddrConnection): StreamMuxer {
    const { connection: native, logger } = this.#factory.init;
    // Set at once below: the muxer hands out no stream before its constructor returns.
    let muxer: StreamMuxer | undefined = undefined as StreamMuxer | undefined;
    const wrap = (stream: NativeStream, direction: Stream["direction"]): NativeStream =>
      new GatedStream(stream, () => {
        // Both ends count their streams from 0, so the number alone does not name one.
        const owner = muxer?.streams.find((one) => one.id === stream.id() && one.direction === direction);
        return owner as ExtensibleStream | undefined;
      });
    const gated: NativeConnection = {
      id: () => native.id(),
      inboundStream: async () => wrap(await native.inboundStream(), "inbound"),
      outboundStream: async () => wrap(await native.outboundStream(), "outbound"),
    };
    muxer = new this.#factory.constructor({ connection: gated, logger }).createStreamMuxer(connection);
    return muxer;
  }
}

class GatedStream implements NativeStream {
  readonly #native: NativeStream;
  readonly #findOwner: () => ExtensibleStream | undefined;
  #owner: ExtensibleStream | undefined;
  #open: (() => void) | undefined;

  constructor(native: NativeStream, findOwner: () => ExtensibleStream | undefined) {
    this.#native = native;
    this.#findOwner = findOwner;
  }

  id(): string {
    return this.#native.id();
  }

  async read(bytesMax: number): Promise<Uint8Array | null> {
    // The first read comes from the constructor of the owner, which nobody can find or pause yet.
    const owner = this.#ownerOnce();
    if (owner?.readStatus === "paused") await new Promise<void>((resolve) => (this.#open = resolve));
    try {
      return await this.#native.read(bytesMax);
    } catch (error) {
      const open = this.#ownerOnce();
      if (open?.status === "open" || open?.status === "closing") open.onRemoteReset();
      throw error;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#native.write(bytes);
  }

  finishWrite(): Promise<void> {
    return this.#native.finishWrite();
  }

  async resetWrite(): Promise<void> {
    await this.#native.resetWrite().catch(() => undefined);
  }

  async stopRead(): Promise<void> {
    await this.#native.stopRead().catch(() => undefined);
  }

  #ownerOnce(): ExtensibleStream | undefined {
    if (this.#owner !== undefined) return this.#owner;
    const owner = this.#findOwner();
    if (owner === undefined) return undefined;
    owner.sendResume = () => {
      this.#open?.();
      this.#open = undefined;
    };
    this.#owner = owner;
    return owner;
  }
}
