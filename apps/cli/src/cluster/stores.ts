/** Stores of types of their own, at a cluster: their methods are called as those of a node's stores are. */
import type { LatticeClient } from "@lattice/api";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { alignRows } from "../print/table.ts";
import { escapeText } from "../print/text.ts";
import { runWords } from "../run-line.ts";
import { Session } from "../session.ts";
import { clientOptions } from "./client.ts";

export async function list(context: Context, args: CommandArguments): Promise<void> {
  await using client = await openClient(context, args);
  const reply = await client.store.list({}, { signal: context.signal });
  context.output.show("ListStoresReply", reply, () =>
    alignRows(
      reply.stores.map(({ name, type, problem }) => [
        escapeText(name),
        escapeText(type),
        escapeText(problem),
      ]),
    ),
  );
}

export async function call(context: Context, args: CommandArguments): Promise<void> {
  const name = args.text("name");
  const words = args.list("method");
  const { session, output, signal } = context;
  const inner = new Session({
    ...session.options,
    json: output.json,
    verbose: output.verbose,
    bytes: output.bytes,
    raw: output.isRaw,
    store: name,
    connect: () => openClient(context, args),
  });
  try {
    if (words.length === 0) return await listMethods(inner, context);
    context.progress(undefined);
    // What is said behind the name is a line of its own, on that store.
    await runWords(inner, ["store", "call", ...words], signal);
    if (session.options.mode !== "one-shot") await inner.subscriptions.ended();
  } finally {
    await inner.close();
  }
}

async function listMethods(inner: Session, { output, signal }: Context): Promise<void> {
  const store = await inner.requireStore(signal);
  const methods = [...(await inner.methodsOf(store, signal)).values()];
  const rows = methods.map(({ usage, summary }) => [usage, summary]);
  if (output.json)
    output.document(methods.map(({ name, kind, usage, summary }) => ({ name, kind, usage, summary })));
  else for (const line of alignRows(rows)) output.line(line);
}

async function openClient(context: Context, args: CommandArguments): Promise<LatticeClient> {
  const { openLatticeClient } = await import("@lattice/cluster/client");
  return openLatticeClient(clientOptions(context, args));
}
