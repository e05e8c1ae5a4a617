/** Watch: what each message of the stream has, from creation to the end. */
import { etcdserverpb as pb } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Prober } from "./prober.ts";
import { rpcs } from "./rpcs.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const ZERO = Uint8Array.of(0);
const { WatchCreateRequest_FilterType: Filter } = pb;

export async function watchProbes(prober: Prober): Promise<void> {
  for (const [key, value] of [
    ["w/1", "a"],
    ["w/2", "b"],
    ["w/1", "c"],
  ] as const) {
    await prober.ask(rpcs.put, { key: bytes(key), value: bytes(value) });
  }
  await prober.ask(rpcs.deleteRange, { key: bytes("w/"), rangeEnd: bytes("w0") });
  await prober.ask(rpcs.put, { key: bytes("w/1"), value: bytes("d") });
  await creation(prober);
  await several(prober);
  await progress(prober);
  await compacted(prober);
}

function create(request: Parameters<typeof pb.WatchCreateRequest.create>[0]): pb.WatchRequest {
  return {
    requestUnion: { oneofKind: "createRequest", createRequest: pb.WatchCreateRequest.create(request ?? {}) },
  };
}

/** Creates it alone on its stream, and notes so many messages. */
async function alone(
  prober: Prober,
  request: Parameters<typeof pb.WatchCreateRequest.create>[0],
  count: number,
): Promise<void> {
  const stream = prober.client().watch();
  const about = JSON.stringify(pb.WatchCreateRequest.toJson(pb.WatchCreateRequest.create(request ?? {})));
  stream.send(create(request));
  for (let at = 0; at < count; at++)
    await prober.hear(stream, `watch ${about}, message ${at + 1}`, pb.WatchResponse);
  stream.cancel();
}

async function creation(prober: Prober): Promise<void> {
  await alone(prober, { key: bytes("w/1") }, 1);
  await alone(prober, { key: bytes("w/1"), startRevision: 1n }, 2);
  await alone(prober, { key: bytes("w/"), rangeEnd: bytes("w0"), startRevision: 1n, prevKv: true }, 2);
  await alone(prober, { key: bytes("w/1"), startRevision: 3n, filters: [Filter.NOPUT] }, 2);
  await alone(prober, { key: bytes("w/1"), startRevision: 1n, filters: [Filter.NODELETE] }, 2);
  await alone(prober, { key: ZERO, rangeEnd: ZERO, startRevision: 4n }, 2);
  await alone(prober, { startRevision: 4n, rangeEnd: ZERO }, 2);
  await alone(prober, { startRevision: 4n }, 1);
  await alone(prober, { key: bytes("w/1"), startRevision: 1000n }, 1);
  await alone(prober, { key: bytes("w/1"), startRevision: -5n }, 1);
  await alone(prober, { key: bytes("b"), rangeEnd: bytes("a") }, 1);
  await alone(prober, { key: bytes("b"), rangeEnd: bytes("b") }, 1);
  await alone(prober, { key: bytes("w/1"), watchId: 77n, startRevision: 6n }, 2);
}

async function several(prober: Prober): Promise<void> {
  const stream = prober.client().watch();
  const hear = (about: string) => prober.hear(stream, `several watches: ${about}`, pb.WatchResponse);
  stream.send(create({ key: bytes("s/1") }));
  await hear("the first");
  stream.send(create({ key: bytes("s/2"), watchId: 9n }));
  await hear("one with an id");
  stream.send(create({ key: bytes("s/3"), watchId: 9n }));
  await hear("one with the same id");
  stream.send(create({ key: bytes("s/4") }));
  await hear("the next");
  await prober.ask(rpcs.put, { key: bytes("s/1"), value: bytes("x") });
  await hear("an event");
  stream.send({ requestUnion: { oneofKind: "cancelRequest", cancelRequest: { watchId: 0n } } });
  await hear("cancelled");
  stream.send({ requestUnion: { oneofKind: "cancelRequest", cancelRequest: { watchId: 1234n } } });
  await prober.ask(rpcs.put, { key: bytes("s/1"), value: bytes("y") });
  await prober.ask(rpcs.put, { key: bytes("s/2"), value: bytes("z") });
  await hear("an event of another one");
  stream.send({ requestUnion: { oneofKind: undefined } });
  stream.end();
  stream.cancel();
}

async function progress(prober: Prober): Promise<void> {
  const stream = prober.client().watch();
  const ask = (): void =>
    stream.send({ requestUnion: { oneofKind: "progressRequest", progressRequest: {} } });
  stream.send(create({ key: bytes("p/1") }));
  await prober.hear(stream, "progress: created", pb.WatchResponse);
  ask();
  await prober.hear(stream, "progress: asked for", pb.WatchResponse);
  stream.cancel();
}

async function compacted(prober: Prober): Promise<void> {
  await prober.ask(rpcs.compact, { revision: 5n, physical: true });
  await alone(prober, { key: bytes("w/1"), startRevision: 2n }, 2);
  await alone(prober, { key: bytes("w/1"), startRevision: 5n }, 2);
  await alone(prober, { key: bytes("w/1"), startRevision: 6n }, 2);
  const stream = prober.client().watch({ metadata: { hasleader: "true" } });
  stream.send(create({ key: bytes("w/1"), startRevision: 2n }));
  await prober.hear(stream, "compacted: created", pb.WatchResponse);
  await prober.hear(stream, "compacted: cancelled", pb.WatchResponse);
  stream.send(create({ key: bytes("w/1"), startRevision: 6n }));
  await prober.hear(stream, "compacted: another one on the same stream", pb.WatchResponse);
  await prober.hear(stream, "compacted: its event", pb.WatchResponse);
  stream.cancel();
}
