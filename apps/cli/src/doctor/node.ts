/** The node that runs, and its stores. */
import type { LatticeClient } from "@lattice/api";
import { hlcToMs, LatticeError, toHex } from "@lattice/model";
import type { daemon } from "@lattice/proto";
import type { Context } from "../context.ts";
import { oneLine } from "../print/text.ts";
import { shortHex } from "../print/value.ts";
import { storeKey } from "../store-key.ts";
import { quoteForShell } from "../tokenizer.ts";
import { packageVersion } from "../version.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";

/** What others hold back is that far ahead of their clocks (weaver.md §3); half of it is worth a word. */
const AHEAD_MS_MAX = 150_000;

export async function examineNode(context: Context): Promise<Finding[]> {
  let client: LatticeClient;
  try {
    client = await context.client();
  } catch (error) {
    const { code, message } = LatticeError.from(error);
    if (code === "permission-denied")
      return [problem("node", oneLine(message), "run this as who runs the node")];
    if (code !== "unavailable") return [problem("node", oneLine(message), "stop it and start it again")];
    const directory = quoteForShell(context.session.options.dataDirectory);
    const remedy = `start one with: lattice --daemon --data ${directory}`;
    return [warning("node", "none runs on this data directory", remedy)];
  }
  const { signal } = context;
  const status = await client.node.getStatus({}, { signal });
  const { stores } = await client.store.list({}, { signal });
  const ofStores = await Promise.all(stores.map((store) => examineStore(client, store, signal)));
  return [...examineStatus(status), ...ofStores.flat()];
}

function examineStatus(status: daemon.NodeStatus): Finding[] {
  const key = toHex(status.publicKey).slice(0, 8);
  const own = packageVersion();
  const reachable = status.addresses.filter((address) => !/\/(127\.|ip6\/::1)/.test(address));
  return [
    ok("node", `${key}, process ${status.pid}, ${status.storeCount} stores`),
    status.version === own
      ? ok("version", own)
      : warning(
          "version",
          `the node is ${status.version}, this command ${own}`,
          "stop the node and start it again",
        ),
    reachable.length > 0
      ? ok("addresses", reachable.join(" "))
      : warning(
          "addresses",
          "only this machine can reach the node",
          "start it with --listen and an address others can reach",
        ),
    ...status.warnings.map((text) => warning("node", oneLine(text), "")),
  ];
}

async function examineStore(
  client: LatticeClient,
  store: daemon.Store,
  signal: AbortSignal,
): Promise<Finding[]> {
  const name = `store ${oneLine(store.name) || shortHex(store.id)}`;
  if (store.problem !== "") {
    return [
      problem(
        name,
        oneLine(store.problem),
        "see what it says; store rebuild makes the state anew from the log",
      ),
    ];
  }
  const request = { store: storeKey(store) };
  const [status, { peers }, page] = await Promise.all([
    client.store.status(request, { signal }),
    client.store.listPeers(request, { signal }),
    client.store.history({ ...request, limit: 1 }, { signal }),
  ]);
  const faults = [...ofStatus(name, status), ...ofPeers(name, peers), ...ofClock(name, page.intentions)];
  return faults.length > 0
    ? faults
    : [ok(name, `${counted(status.intentionCount, "intention")}, ${counted(status.memberCount, "member")}`)];
}

function ofStatus(name: string, status: daemon.StoreStatus): Finding[] {
  const { projectionPaused, floatingCount, forkCount, poisonCount } = status;
  return [
    ...(projectionPaused === ""
      ? []
      : [problem(name, oneLine(projectionPaused), "update this node's software")]),
    ...(forkCount === 0
      ? []
      : [
          warning(
            name,
            `${forkCount} forks: an author wrote twice from one place`,
            "debug forks names them; a restored backup or a cloned disk is the usual cause",
          ),
        ]),
    ...(floatingCount === 0
      ? []
      : [
          warning(
            name,
            `${floatingCount} intentions wait for others`,
            "store sync fetches what is missing; debug floating tells why each waits",
          ),
        ]),
    ...(poisonCount === 0
      ? []
      : [
          warning(
            name,
            `${poisonCount} operations count for nothing`,
            "debug log marks them, with the reason",
          ),
        ]),
  ];
}

function counted(count: number | bigint, what: string): string {
  return `${count} ${what}${Number(count) === 1 ? "" : "s"}`;
}

function ofPeers(name: string, peers: readonly daemon.Peer[]): Finding[] {
  const others = peers.filter(({ self }) => !self);
  if (others.length === 0 || others.some(({ live }) => live)) return [];
  return [
    warning(
      name,
      others.length === 1
        ? "the other member is not connected"
        : `none of ${others.length} other members is connected`,
      "peer list tells where they were; store sync tries again",
    ),
  ];
}

function ofClock(name: string, [latest]: readonly daemon.IntentionInfo[]): Finding[] {
  const aheadMs = latest === undefined ? 0 : hlcToMs(latest.timestamp) - Date.now();
  if (aheadMs < AHEAD_MS_MAX) return [];
  const text = `its latest write is ${Math.round(aheadMs / 1_000)} s ahead of this clock`;
  return [
    warning(
      name,
      text,
      "set the clock of the machine that wrote it, or of this one: debug log shows the author",
    ),
  ];
}
