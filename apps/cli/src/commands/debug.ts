import { storeKey } from "../store-key.ts";
import type { Context } from "../context.ts";
import type { Command } from "./command.ts";

export const debugCommands: readonly Command[] = [
  {
    path: ["debug", "tips"],
    json: "TipsReply",
    group: "debug",
    summary: "The latest intention of each author",
    async run(context) {
      const { client, store, options } = await target(context);
      context.output.show("TipsReply", await client.store.tips({ store }, options));
    },
  },
  {
    path: ["debug", "log"],
    json: "IntentionPage",
    group: "debug",
    summary: "The witness log, in the order in which this node took things in",
    flags: [{ name: "limit", value: "N", help: "at most so many (100); 0 for all" }],
    run: (context, args) => showPages(context, { list: "log", limit: args.value("limit") }),
  },
  {
    path: ["debug", "intention"],
    json: "IntentionInfo",
    group: "debug",
    summary: "One intention, by the first digits of its hash or id",
    positionals: [{ name: "prefix" }],
    async run(context, args) {
      const { client, store, options } = await target(context);
      const intention = await client.store.intention({ store, prefix: args.text("prefix") }, options);
      const { intentionLines } = await import("../print/history.ts");
      context.output.show("IntentionInfo", intention, () => intentionLines(intention));
    },
  },
  {
    path: ["debug", "floating"],
    json: "IntentionPage",
    group: "debug",
    summary: "Intentions that wait for others",
    flags: [{ name: "limit", value: "N", help: "at most so many (100); 0 for all" }],
    run: (context, args) => showPages(context, { list: "floating", limit: args.value("limit") }),
  },
  {
    path: ["debug", "forks"],
    json: "ForksReply",
    group: "debug",
    summary: "Authors that signed two different intentions for one place",
    async run(context) {
      const { client, store, options } = await target(context);
      context.output.show("ForksReply", await client.store.forks({ store }, options));
    },
  },
  {
    path: ["debug", "digest"],
    json: "DigestReply",
    group: "debug",
    summary: "Digests of the state, the same on every node that holds the same intentions",
    async run(context) {
      const { client, store, options } = await target(context);
      context.output.show("DigestReply", await client.store.digest({ store }, options));
    },
  },
];

async function target(context: Context) {
  const store = storeKey(await context.store());
  return { client: await context.client(), store, options: { signal: context.signal } };
}

async function showPages(
  context: Context,
  request: { list: "log" | "floating"; limit: string | undefined },
): Promise<void> {
  const { collectPages, parseLimit } = await import("../pages.ts");
  const limit = parseLimit(request.limit);
  const { client, store, options } = await target(context);
  const page = await collectPages((part) => client.store[request.list]({ store, ...part }, options), limit);
  const { logLines } = await import("../print/history.ts");
  context.output.show("IntentionPage", page, () => logLines(page.intentions, context.output));
  if (page.next.length > 0) context.output.note(`there is more; --limit 0 shows all`);
}
