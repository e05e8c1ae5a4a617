import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verifyStore } from "../../packages/kernel/src/index.ts";
import { BATCH_BYTES_MAX, FRAME_BYTES_MAX, sha256, toHex, utf8 } from "../../packages/model/src/index.ts";
import { sync } from "../../packages/proto/src/index.ts";
import { decodeFrame, encodeFrame, type Frame } from "../../packages/sync/src/frames.ts";
import { requestJoin, serveJoin, type JoinGrant } from "../../packages/sync/src/join.ts";
import { FRONTIER_PART_COUNT } from "../../packages/sync/src/limits.ts";
import { SyncSession, type SyncChannel } from "../../packages/sync/src/index.ts";
import {
  FRAME_BYTES_MIN,
  Initiator,
  respond,
  SortedItems,
} from "../../packages/sync/src/negentropy/index.ts";
import { readRanges } from "../../packages/sync/src/negentropy/message-reader.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { kvstore } from "../../packages/kvstore/src/index.ts";
import { framesOf } from "../vectors/frames.ts";
import { outcomeOf } from "./outcome.ts";
import { clock, openOn, sampleOf } from "./stores.ts";

const sample = await sampleOf(kvstore);
const { world } = sample;
const peer = world.owner.publicKey;
const store = openOn(kvstore, sample.rows);
const ids = [...store.log.ids()];
const items = new SortedItems(ids);
const fewer = new SortedItems(ids.filter((_, at) => at % 3 !== 0));
const options = { frameBytesMax: FRAME_BYTES_MIN };
const firstMessage = new Initiator(fewer, options).start();
const messages = [firstMessage, respond(items, firstMessage, options), new Initiator(items, options).start()];

const hello: Frame = {
  oneofKind: "hello",
  hello: {
    version: 1,
    genesisHash: store.genesisHash,
    fingerprint: new Uint8Array(40),
    frontierDigest: new Uint8Array(32),
  },
};
const frames: readonly Frame[] = [
  hello,
  ...framesOf(),
  { oneofKind: "frontier", frontier: { tips: store.log.tips(), last: true } },
  { oneofKind: "fetch", fetch: { ids } },
  ...messages.flatMap((message) =>
    [true, false].map((reply): Frame => ({ oneofKind: "reconcile", reconcile: { message, reply } })),
  ),
  {
    oneofKind: "batch",
    batch: {
      bodies: sample.offered.map(({ body }) => body),
      signatures: sample.offered.map(({ signature }) => signature ?? new Uint8Array(0)),
    },
  },
];
const encoded = frames.map(encodeFrame);

describe("a frame", () => {
  it("of any bytes is refused, or says the same when it is written again", () => {
    fc.assert(
      fc.property(mutateBytes(encoded), (bytes) => {
        const frame = outcomeOf(["invalid-argument"], () => decodeFrame(bytes));
        if (frame === undefined) return;
        const again = encodeFrame(frame);
        expect(decodeFrame(again)).toEqual(frame);
        expect(toHex(encodeFrame(decodeFrame(again)))).toBe(toHex(again));
      }),
      fuzzRuns(2500),
    );
  });

  // The smallest things that can be repeated: empty tips, bodies, ids, addresses; fields that nobody knows; open groups.
  it.each([
    ["frontiers of an empty tip", "", "12020a00"],
    ["empty tips", "12", "0a00"],
    ["empty bodies", "1a", "0a00"],
    ["empty signatures", "1a", "1200"],
    ["empty ids", "3a", "0a00"],
    ["empty addresses", "4a", "0a00"],
    ["unknown numbers", "", "7801"],
    ["unknown texts", "12", "fa0100"],
    ["open groups", "", "0b"],
    ["groups", "12", "0b0c"],
  ])("of 4 MiB of %s takes no more memory than its length some times", (_, outer, inner) => {
    const unit = Buffer.from(inner, "hex");
    const content = Buffer.alloc(FRAME_BYTES_MAX - 5, unit);
    const length = Buffer.from([0xfb, 0xff, 0xff, 0x01]);
    const bytes = outer === "" ? content : Buffer.concat([Buffer.from(outer, "hex"), length, content]);
    const before = process.memoryUsage().heapUsed;
    outcomeOf(["invalid-argument"], () => decodeFrame(new Uint8Array(bytes)));
    outcomeOf(["invalid-argument"], () => decodeFrame(new Uint8Array(content)));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * FRAME_BYTES_MAX);
  });

  it("of as many tips as are sent at once is one", () => {
    const tip = store.log.tips()[0]!;
    const tips = Array.from({ length: FRONTIER_PART_COUNT }, () => tip);
    const frame = decodeFrame(encodeFrame({ oneofKind: "frontier", frontier: { tips, last: true } }));
    expect(frame).toMatchObject({ frontier: { last: true } });
  });
});

describe("a message of the reconciliation", () => {
  it("of any bytes is answered by both sides within their limits, or refused", () => {
    fc.assert(
      fc.property(mutateBytes(messages), (message) => {
        const answer = outcomeOf(["invalid-argument"], () => respond(items, message, options));
        const ranges = outcomeOf(["invalid-argument"], () => [...readRanges(answer ?? messages[0]!)]);
        expect(ranges).toBeDefined();
        const initiator = new Initiator(items, { ...options, haveCountMax: 100 });
        const found = outcomeOf(["invalid-argument"], () => initiator.receive(message));
        if (found === undefined) return;
        expect(found.have.length).toBeLessThanOrEqual(100);
        expect(found.need.length * 32).toBeLessThanOrEqual(message.length);
      }),
      fuzzRuns(2500),
    );
  });
});

describe("a session", () => {
  it("with a peer that says anything ends, and the store is what it was or has grown", async () => {
    const said = fc.array(fc.oneof(fc.constantFrom(...encoded), mutateBytes(encoded)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(said, fc.boolean(), async (given, isGreeted) => {
        const own = openOn(kvstore, sample.rows);
        const before = own.log.head.wseq;
        const channel = channelOf(isGreeted ? [encodeFrame(hello), ...given] : given);
        const session = new SyncSession({ store: own, channel, clock: still, addressBook: () => [] });
        const end = await session.run(channel.frames[Symbol.asyncIterator]());
        expect(["closed", "fault", "refused"]).toContain(end.kind);
        if (end.kind === "closed") expect(end.message).toBeUndefined();
        expect(own.log.head.wseq).toBeGreaterThanOrEqual(before);
        expect(await verifyStore(own)).toMatchObject({ problems: [] });
        await own.close();
      }),
      fuzzRuns(80),
    );
  });
});

describe("a join", () => {
  const requests = [
    {
      version: 1,
      genesisHash: store.genesisHash,
      secret: sha256(utf8("secret")),
      nodeName: "laptop",
      addresses: ["/ip4/10.0.0.1/tcp/4001"],
    },
  ].map((request) => sync.JoinRequest.toBinary(request));
  const genesis = { genesisBody: world.genesis.body, genesisSignature: world.genesis.signature! };
  const replies: sync.JoinReply["reply"][] = [
    {
      oneofKind: "accepted",
      accepted: { ...genesis, peers: [{ peer, addresses: ["/ip4/10.0.0.2/tcp/1"] }] },
    },
    { oneofKind: "refused", refused: { code: "invite-used", message: "used" } },
  ];

  it("that asks anything is answered, or not", async () => {
    const grant: JoinGrant = { genesis: world.genesis, peers: [] };
    await fc.assert(
      fc.asyncProperty(mutateBytes(requests), async (request) => {
        const channel = channelOf([request]);
        await serveJoin(channel, { clock: still, grant: () => Promise.resolve(grant) });
        for (const sent of channel.sent) sync.JoinReply.fromBinary(sent);
        expect(channel.sent.length).toBeLessThanOrEqual(1);
      }),
      fuzzRuns(1500),
    );
  });

  it("that is answered anything gives the store that was asked for, or an error with a code", async () => {
    const written = replies.map((reply) => sync.JoinReply.toBinary({ reply }));
    await fc.assert(
      fc.asyncProperty(mutateBytes(written), async (reply) => {
        const request = {
          genesisHash: store.genesisHash,
          secret: new Uint8Array(32),
          nodeName: "",
          addresses: [],
        };
        const asked = requestJoin(channelOf([reply]), { clock: still, ...request });
        const outcome = await asked.catch((error: unknown) => error as { code?: string });
        if ("genesis" in outcome) expect(toHex(outcome.genesis.body)).toBe(toHex(world.genesis.body));
        // `internal` only where the inviter said so itself.
        else if (outcome.code === "internal") expect(new TextDecoder().decode(reply)).toContain("internal");
        else expect(outcome.code).toBeTypeOf("string");
      }),
      fuzzRuns(800),
    );
  });
});

/** Nobody waits for a time here: what the other end says comes at once, and then it closes. */
const still = { now: () => clock.now(), after: () => () => {} };

function channelOf(given: readonly Uint8Array[]): SyncChannel & { readonly sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  return {
    sent,
    peer,
    outbound: false,
    frames: {
      async *[Symbol.asyncIterator]() {
        for (const frame of given) {
          await new Promise((resolve) => setImmediate(resolve));
          yield frame;
        }
      },
    },
    send: (frame) => {
      expect(frame.length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
      sent.push(frame);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
    abort: () => {},
  };
}

it("the samples stay below what a frame may have", () => {
  expect(encoded.every(({ length }) => length < BATCH_BYTES_MAX)).toBe(true);
});
