import { LatticeError } from "@lattice/model";
import type { daemon } from "@lattice/proto";
import type { Context } from "../context.ts";
import { bytesOfWord } from "../fields/value.ts";
import { storeKey } from "../store-key.ts";
import type { StoreMethod } from "../store-methods.ts";
import { quoteForShell, quoteWord } from "../tokenizer.ts";
import type { Command } from "./command.ts";

export const explainCommand: Command = {
  path: ["explain"],
  group: "store",
  summary: "Why a key has its value: who wrote at once, what each had seen, which counts, how to end it",
  positionals: [{ name: "key", completes: "subject" }],
  json: "ExplainReply",
  run: (context, args) => explain(context, args.text("key")),
};

async function explain(context: Context, word: string): Promise<void> {
  const { output, session, signal } = context;
  const subject = bytesOfWord(word, "key", await context.input([word]));
  const store = await context.store();
  const reply = await (await context.client()).store.explain({ store: storeKey(store), subject }, { signal });
  if (reply.heads.length === 0) throw new LatticeError("not-found", `nothing was ever written for "${word}"`);
  const methods = reply.resolutions.length === 0 ? undefined : await session.methodsOf(store, signal);
  const { explanationLines } = await import("../print/explanation.ts");
  const { wordsOf } = await import("../fields/words.ts");
  const command = (resolution: daemon.Resolution) => {
    const method = methodOf(methods!.values(), resolution);
    return commandLine(context, [
      method.name,
      ...wordsOf(method.request, method.request.fromBinary(resolution.message)),
    ]);
  };
  output.show("ExplainReply", reply, () => explanationLines(reply, { ...output, command }));
}

function methodOf(methods: Iterable<StoreMethod>, { method: rpc }: daemon.Resolution): StoreMethod {
  const method = [...methods].find((each) => each.rpc === rpc);
  if (method === undefined)
    throw new LatticeError("internal", `the node names a method ${rpc} that the store has not`);
  return method;
}

/** As it is typed where this line was: at the prompt, or in a shell. */
function commandLine(context: Context, call: readonly string[]): string {
  const { mode, typedBefore } = context.session.options;
  const own = context.isHidden(call[0]!) ? ["store", "call", ...call] : call;
  const store = context.storeQuery === undefined ? [] : ["--store", context.storeQuery];
  const quote = mode === "one-shot" ? quoteForShell : quoteWord;
  return [...typedBefore, ...own, ...store].map(quote).join(" ");
}
