import type { daemon } from "@lattice/proto";
import { UsageError } from "../errors.ts";
import { storeHex, storeKey } from "../store-key.ts";
import type { Context } from "../context.ts";
import type { Command, CommandArguments } from "./command.ts";

export const storeCommands: readonly Command[] = [
  {
    path: ["store", "create"],
    json: "Store",
    group: "store",
    summary: "Create a store and select it; below the selected one, unless told otherwise",
    positionals: [{ name: "name", optional: true }],
    flags: [
      { name: "root", help: "a store of its own, below no other" },
      { name: "type", value: "TYPE", help: "its type (see: node types)", completes: "type" },
      { name: "parent", value: "STORE", help: "below this store", completes: "store" },
    ],
    run: createStore,
  },
  {
    path: ["store", "list"],
    json: "ListStoresReply",
    group: "store",
    summary: "The stores of this node, as a tree; * marks the selected one",
    async run(context) {
      const { output, session, signal } = context;
      const reply = await (await context.client()).store.list({}, { signal });
      const current = await session.seekStore(signal).catch(() => undefined);
      const { storeTree } = await import("../print/store-tree.ts");
      output.show("ListStoresReply", reply, () => storeTree(reply.stores, current?.id));
    },
  },
  {
    path: ["store", "use"],
    json: "Store",
    group: "store",
    summary: "Select a store",
    positionals: [{ name: "store", completes: "store" }],
    async run({ client, output, session, signal }, args) {
      const store = await (await client()).store.resolve({ store: args.text("store") }, { signal });
      selectStore(session, store);
      if (output.json) output.show("Store", store);
    },
  },
  {
    path: ["store", "name"],
    json: "SetStoreNameReply",
    group: "store",
    summary: "Name the store",
    positionals: [{ name: "name" }],
    async run(context, args) {
      const request = { store: storeKey(await context.store()), name: args.text("name") };
      const reply = await (await context.client()).store.setName(request, { signal: context.signal });
      context.output.show("SetStoreNameReply", reply);
    },
  },
  {
    path: ["store", "status"],
    json: "StoreStatus",
    group: "store",
    summary: "How the store fares on this node",
    async run(context) {
      const request = { store: storeKey(await context.store()) };
      const status = await (await context.client()).store.status(request, { signal: context.signal });
      const { statusLines } = await import("../print/store-status.ts");
      context.output.show("StoreStatus", status, () => statusLines(status, context.output));
    },
  },
  {
    path: ["store", "sync"],
    json: "SyncReply",
    group: "store",
    summary: "Reconcile with every peer that can be reached",
    async run(context) {
      const request = { store: storeKey(await context.store()) };
      const { store } = await context.client();
      const status = () => store.status(request, { signal: context.signal });
      using _telling = tellEverySecond(
        context,
        async () => `store sync: ${(await status()).intentionCount} intentions here`,
      );
      const reply = await store.sync(request, { signal: context.signal });
      context.output.show("SyncReply", reply);
      if (reply.peers.length === 0) context.output.note("no peer is connected");
    },
  },
  {
    path: ["store", "verify"],
    json: "VerifyReply",
    group: "store",
    summary: "Check the log and the state, and compare with the peers",
    run: verifyStore,
  },
  {
    path: ["store", "rebuild"],
    json: "RebuildReply",
    group: "store",
    summary: "Make the state anew from the log",
    async run(context) {
      const request = { store: storeKey(await context.store()) };
      const reply = await (await context.client()).store.rebuild(request, { signal: context.signal });
      context.output.show("RebuildReply", reply);
    },
  },
  {
    path: ["store", "history"],
    json: "IntentionPage",
    group: "store",
    summary: "Draw the history of the store, the latest first",
    flags: [{ name: "limit", value: "N", help: "at most so many (100); 0 for all" }],
    async run(context, args) {
      const { collectPages, parseLimit } = await import("../pages.ts");
      const limit = parseLimit(args.value("limit"));
      const client = await context.client();
      const store = storeKey(await context.store());
      const fetchPage = (page: { limit: number; cursor: Uint8Array }) =>
        client.store.history({ store, ...page }, { signal: context.signal });
      const page = await collectPages(fetchPage, limit);
      const { historyLines } = await import("../print/history.ts");
      context.output.show("IntentionPage", page, () => historyLines(page.intentions, context.output));
      if (page.next.length > 0) context.output.note(`only the latest ${limit}; --limit 0 shows all`);
    },
  },
  {
    path: ["store", "call"],
    json: { text: "the reply of the method, as of the method itself; of a stream, one document a line" },
    group: "store",
    summary: "Call a method of the store by name, also where a command of this table hides it",
    positionals: [
      { name: "method", completes: "method" },
      { name: "argument", optional: true, rest: true },
    ],
    run: (context, args) => context.callMethod([args.text("method"), ...args.list("argument")]),
  },
];

/** Keeps saying how far it is, until it is disposed of. */
function tellEverySecond(context: Context, text: () => Promise<string>): Disposable {
  const timer = setInterval(() => void text().then(context.progress, () => undefined), 1_000).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function createStore(context: Context, args: CommandArguments): Promise<void> {
  const { output, session, signal } = context;
  const parent = args.value("parent");
  if (parent !== undefined && args.has("root"))
    throw new UsageError("--root and --parent exclude each other");
  const client = await context.client();
  const selected = args.has("root") || parent !== undefined ? undefined : await session.seekStore(signal);
  const request = {
    name: args.maybeText("name") ?? "",
    type: args.value("type") ?? "",
    parent: parent ?? (selected === undefined ? "" : storeKey(selected)),
  };
  const store = await client.store.create(request, { signal });
  if (session.options.mode === "one-shot") session.select(store);
  else selectStore(session, store);
  const isShown = session.options.mode === "one-shot" || output.verbose;
  output.show("Store", store, () => (isShown ? [storeKey(store)] : []));
}

/** Where a person works, the next REPL starts with the same store. */
function selectStore(session: Context["session"], store: daemon.Store): void {
  session.select(store);
  if (session.options.mode !== "script") session.options.files.writeLastStore(storeHex(store));
}

async function verifyStore(context: Context): Promise<void> {
  const request = { store: storeKey(await context.store()) };
  const reply = await (await context.client()).store.verify(request, { signal: context.signal });
  context.output.show("VerifyReply", reply);
  const { verifyProblem } = await import("../print/store-status.ts");
  const problem = verifyProblem(reply);
  if (problem !== undefined) throw problem;
}
