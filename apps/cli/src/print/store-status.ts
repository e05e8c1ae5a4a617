import { daemon } from "@lattice/proto";
import { LatticeError } from "@lattice/model";
import type { MessageType } from "../fields/message.ts";
import { storeKey } from "../store-key.ts";
import { plainPaint } from "./paint.ts";
import { blockRows, type RenderOptions } from "./reply.ts";
import { alignRows } from "./table.ts";
import { escapeText, oneLine } from "./text.ts";

/** The store's own fields first, then the rest of its status; what is empty or 0 is left out. */
export function statusLines(status: daemon.StoreStatus, options: RenderOptions): string[] {
  const { store } = status;
  const own =
    store === undefined
      ? []
      : [
          ["id", storeKey(store)],
          ["name", escapeText(store.name)],
          ["type", escapeText(store.type)],
          ["parent", store.parentId.length === 0 ? "" : storeKey({ id: store.parentId })],
          ["problem", oneLine(store.problem)],
        ]
          .filter((row) => row[1] !== "")
          .map(([label, text]) => [(options.paint ?? plainPaint)("faint", label!), text!]);
  const type = daemon.StoreStatus as unknown as MessageType;
  const rest = blockRows(
    type.fields.filter((field) => field.name !== "store"),
    status,
    options,
  );
  return alignRows([...own, ...rest]);
}

/** What makes a verification a failure; undefined where all is well. */
export function verifyProblem(reply: daemon.VerifyReply): LatticeError | undefined {
  const different = reply.peers.filter((peer) => peer.verdict === daemon.PeerDigest_Verdict.DIFFERENT);
  if (reply.problems.length > 0) {
    return new LatticeError("corrupt", `verification found ${reply.problems.length} problem(s)`);
  }
  if (Buffer.compare(reply.stateDigest, reply.rebuiltDigest) !== 0) {
    return new LatticeError("corrupt", "the state is not what its log gives; store rebuild makes it anew");
  }
  if (different.length > 0) {
    return new LatticeError(
      "corrupt",
      `${different.length} peer(s) hold the same intentions and another state`,
    );
  }
  return undefined;
}
