/** etcd's Watch service: a stream on which a client begins and ends watches. */
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import type { StreamCall } from "@lattice/grpc-front";
import { WATCH_PROGRESS_MS } from "../limits.ts";
import type { KeyRange } from "../watch/range-index.ts";
import type { WatchHub } from "../watch/watch-hub.ts";
import { WatchStream } from "../watch/watch-stream.ts";
import type { HeaderWriter } from "../wire/header-writer.ts";
import type { LeaderWatch } from "./leader-watch.ts";
import type { MemberPort, ServiceMethods } from "./member-port.ts";
import { asGrpcError, decodeMessage } from "./unary-method.ts";

type CreateRequest = etcdserverpb.WatchCreateRequest;
const { NOPUT, NODELETE } = etcdserverpb.WatchCreateRequest_FilterType;

export interface WatchServiceOptions {
  readonly member: MemberPort;
  readonly hub: WatchHub;
  readonly header: HeaderWriter;
  readonly term: () => number;
  readonly leader: LeaderWatch;
  /** Who calls, as far as reading these keys goes. Throws an `EtcdError` where the caller shows a token that nobody knows. */
  readonly permit: (call: StreamCall, range: WatchedRange) => Promise<WatchPermit>;
  /** Calls back whenever permissions may have changed, until what it gives is called. */
  readonly onPermissionsChanged: (listener: () => void) => () => void;
}

/** Why it may not be watched, by now; undefined where it may. */
export type WatchPermit = () => EtcdError | undefined;

/** As in a `RangeRequest`. */
export interface WatchedRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

export function* watchService(options: WatchServiceOptions): ServiceMethods {
  yield ["/etcdserverpb.Watch/Watch", { kind: "stream", handle: (call) => serve(options, call) }];
}

async function serve(options: WatchServiceOptions, call: StreamCall): Promise<void> {
  const { member, hub, header, term, leader } = options;
  try {
    member.admit(call);
    const fault = Promise.withResolvers<never>();
    const stream = new WatchStream({ hub, sink: call, header, term, failed: fault.reject });
    const progress = setInterval(() => stream.reportIdle(), WATCH_PROGRESS_MS);
    progress.unref();
    const leavePermissions = options.onPermissionsChanged(() => stream.recheck());
    try {
      const wantsLeader = call.metadata.get("hasleader") === "true";
      await leader.during(wantsLeader, () => Promise.race([obey(options, call, stream), fault.promise]));
    } finally {
      clearInterval(progress);
      leavePermissions();
      stream.close();
    }
  } catch (error) {
    throw asGrpcError(error);
  }
}

/** Does what the client asks for, until it ends the call; what it watches is told meanwhile. */
async function obey(options: WatchServiceOptions, call: StreamCall, stream: WatchStream): Promise<void> {
  for await (const bytes of call.requests) {
    const { requestUnion: request } = decodeMessage(etcdserverpb.WatchRequest, bytes);
    switch (request.oneofKind) {
      case "createRequest":
        await create(options, { call, stream, request: request.createRequest });
        break;
      case "cancelRequest":
        stream.cancel(request.cancelRequest.watchId);
        break;
      case "progressRequest":
        stream.reportProgress();
        break;
      case undefined:
    }
  }
}

interface Creation {
  readonly call: StreamCall;
  readonly stream: WatchStream;
  readonly request: CreateRequest;
}

async function create(options: WatchServiceOptions, { call, stream, request }: Creation): Promise<void> {
  // No key means all keys from the first on.
  const key = request.key.length === 0 ? FIRST_KEY : request.key;
  const { rangeEnd } = request;
  let refusal: WatchPermit;
  try {
    refusal = await options.permit(call, { key, rangeEnd });
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    stream.refuse(error);
    return;
  }
  const why = refusal();
  if (why !== undefined) {
    stream.refuse(why);
    return;
  }
  stream.create(request.watchId, {
    range: rangeOf({ key, rangeEnd }),
    refusal,
    from: Number(request.startRevision),
    wantsPuts: !request.filters.includes(NOPUT),
    wantsDeletes: !request.filters.includes(NODELETE),
    wantsPrevious: request.prevKv,
    wantsProgress: request.progressNotify,
    maySplit: request.fragment,
  });
}

const FIRST_KEY = Uint8Array.of(0);
const NO_END = new Uint8Array();

/** An end of one zero byte means none. */
function rangeOf({ key, rangeEnd }: WatchedRange): KeyRange {
  const isOpen = rangeEnd.length === 1 && rangeEnd[0] === 0;
  const end = rangeEnd.length === 0 ? undefined : isOpen ? NO_END : rangeEnd;
  return { key, end };
}
