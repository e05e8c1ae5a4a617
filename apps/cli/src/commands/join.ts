import type { daemon } from "@lattice/proto";
import type { Context } from "../context.ts";
import { storeHex, storeKey } from "../store-key.ts";
import type { Command } from "./command.ts";

export const joinCommand: Command = {
  path: ["join"],
  json: "Store",
  group: "join",
  summary: "Join a store by the token of an invite, and select it",
  positionals: [{ name: "token" }],
  secret: true,
  run: (context, args) => join(context, args.text("token")),
};

async function join(context: Context, token: string): Promise<void> {
  const { LatticeError } = await import("@lattice/model");
  const { progressText } = await import("../print/join-progress.ts");
  const { output, session, signal } = context;
  const client = await context.client();
  let last = "";
  let joined: daemon.JoinProgress | undefined;
  for await (const progress of client.node.join({ token }, { signal })) {
    if (progress.store !== undefined) joined = progress;
    const text = progressText(progress);
    if (text !== "" && text !== last) output.note(text);
    if (text !== "") context.progress(`join: ${text}`);
    last = text;
  }
  const store = joined?.store;
  if (store === undefined) throw new LatticeError("internal", "the node ended the joining without a store");
  session.select(store);
  if (session.options.mode !== "script") session.options.files.writeLastStore(storeHex(store));
  output.show("Store", store, () => (session.options.mode === "one-shot" ? [storeKey(store)] : []));
}
