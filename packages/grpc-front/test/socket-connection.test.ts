/** The connection on its socket, where that takes bytes as slowly as a test wants. */
import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { expect, it, vi } from "vitest";
import { ByteBudget } from "../src/http2/byte-budget.ts";
import { FrameWriter } from "../src/http2/frame-writer.ts";
import { BACKLOG_BYTES_MAX, LINGER_MS, STALL_TIMEOUT_MS, WRITE_BYTES_MAX } from "../src/http2/limits.ts";
import { SocketConnection } from "../src/http2/socket-connection.ts";
import type { Method } from "../src/index.ts";
import { call } from "./core-client.ts";
import { ACK, frame, ping, PREFACE, setting, Type, windowUpdate } from "./raw-frames.ts";
import { ECHO, unary } from "./suite/opened.ts";

const LARGE = "/test.Echo/Large";
const hello = [
  PREFACE,
  frame(Type.SETTINGS, 0, 0, setting(4, 16 << 20)),
  frame(Type.SETTINGS, ACK, 0),
  windowUpdate(0, 1 << 30),
];

class SlowSocket extends Duplex {
  /** What the system has taken so far. */
  takenBytes = 0;
  writeCount = 0;
  #waiting: (() => void) | undefined;
  isSlow = false;

  setNoDelay(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.#take(chunk.length, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#take(
      chunks.reduce((sum, { chunk }) => sum + chunk.length, 0),
      done,
    );
  }

  /** Takes what it did not. */
  catchUp(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  #take(bytes: number, done: () => void): void {
    this.takenBytes += bytes;
    this.writeCount += 1;
    if (this.isSlow) this.#waiting = done;
    else done();
  }
}

class Setup {
  nowMs = 0;
  readonly socket = new SlowSocket();
  readonly connection: SocketConnection;
  readonly #writer = new FrameWriter();
  isScheduled = false;

  constructor(methods: Readonly<Record<string, Method>> = {}) {
    const all = {
      [ECHO]: unary((request) => request),
      [LARGE]: unary(() => Buffer.alloc(8 << 20)),
      ...methods,
    };
    this.connection = new SocketConnection(this.socket as unknown as Socket, {
      methods: new Map(Object.entries(all)),
      requestBytesMax: 1_000,
      peer: { remote: "", commonName: undefined },
      budget: new ByteBudget(1 << 30),
      now: () => this.nowMs,
      schedule: () => {
        this.isScheduled = true;
      },
    });
  }

  /** As the system would hand it on. */
  async receive(...pieces: readonly Uint8Array[]): Promise<void> {
    this.socket.push(Buffer.concat(pieces));
    await turn();
  }

  /** Turns of the event loop, until there is nothing to write. */
  async flush(): Promise<void> {
    while (this.isScheduled) {
      this.isScheduled = false;
      if (this.connection.flush(this.#writer)) this.isScheduled = true;
      await turn();
    }
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it("what many calls answer in one turn is one write", async () => {
  const setup = new Setup();
  await setup.receive(...hello);
  await setup.flush();
  const { writeCount } = setup.socket;
  await setup.receive(...Array.from({ length: 100 }, (_, index) => call(2 * index + 1)), ping());
  await setup.flush();
  expect(setup.socket.writeCount).toBe(writeCount + 1);
});

it("a client that takes nothing is written to no more, and not read from, until it does", async () => {
  const setup = new Setup();
  await setup.receive(...hello);
  await setup.flush();
  setup.socket.isSlow = true;
  await setup.receive(call(1, [], LARGE));
  await setup.flush();
  expect(setup.socket.writableLength).toBeGreaterThan(BACKLOG_BYTES_MAX);
  expect(setup.socket.takenBytes).toBeLessThan(2 * WRITE_BYTES_MAX);
  expect(setup.socket.isPaused()).toBe(true);
  await setup.receive(call(3), ping());
  await setup.flush();
  expect(setup.socket.takenBytes).toBeLessThan(2 * WRITE_BYTES_MAX);
  setup.socket.isSlow = false;
  setup.socket.catchUp();
  await turn();
  await setup.flush();
  expect(setup.socket.isPaused()).toBe(false);
  expect(setup.socket.takenBytes).toBeGreaterThan(8 << 20);
});

it("a client that takes nothing for long is gone", async () => {
  const setup = new Setup();
  await setup.receive(...hello);
  setup.socket.isSlow = true;
  await setup.receive(call(1, [], LARGE));
  await setup.flush();
  setup.nowMs += STALL_TIMEOUT_MS;
  setup.connection.look();
  expect(setup.socket.destroyed).toBe(false);
  setup.nowMs += 1;
  setup.connection.look();
  expect(setup.socket.destroyed).toBe(true);
});

it("after goodbye the client has some time to hang up", async () => {
  const setup = new Setup();
  await setup.receive(...hello, frame(Type.PING, 0, 1, Buffer.alloc(8)));
  await setup.flush();
  expect(setup.socket.writableEnded).toBe(true);
  await setup.receive(Buffer.alloc(100_000));
  expect(setup.socket.destroyed).toBe(false);
  setup.nowMs += LINGER_MS + 1;
  setup.connection.look();
  expect(setup.socket.destroyed).toBe(true);
});

it("a mistake of ours costs the connection, and is told", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const setup = new Setup();
  await setup.receive(...hello, call(1));
  class BrokenWriter extends FrameWriter {
    override messagePart(): void {
      throw new RangeError("a mistake");
    }
  }
  const writer = new BrokenWriter();
  setup.connection.flush(writer);
  expect(setup.socket.destroyed).toBe(true);
  expect(setup.socket.takenBytes).toBe(0);
  // The next one writes with it.
  expect(writer.bytes).toBe(0);
  expect(warn.mock.calls).toEqual([[new RangeError("a mistake")]]);
  warn.mockRestore();
});

it("a call whose connection is gone is over for its handler", async () => {
  const aborted = Promise.withResolvers<void>();
  const wait = unary((_, { signal }) => {
    signal.addEventListener("abort", () => aborted.resolve());
    return new Promise(() => {});
  });
  const setup = new Setup({ "/test.Echo/Wait": wait });
  await setup.receive(...hello, call(1, [], "/test.Echo/Wait"));
  expect(setup.connection.callCount).toBe(1);
  setup.socket.push(null);
  await aborted.promise;
  expect(setup.socket.destroyed).toBe(true);
});
