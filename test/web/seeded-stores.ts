/** A few stores with something in them, by the command line. Ids in hex. */
import { json, type NodeProcess } from "../e2e/daemon.ts";

export interface SeededStores {
  readonly notes: string;
  readonly journal: string;
  /** Id of the last intention of the notes. */
  readonly intention: string;
}

export async function seedStores(node: NodeProcess): Promise<SeededStores> {
  const notes = await node.answer("store", "create", "notes", "--root");
  const journal = await node.answer(
    "store",
    "create",
    "journal",
    "--parent",
    notes,
    "--type",
    "core:logstore",
  );
  await node.answer("put", "garden/beans", "not before the ice saints", "--store", notes);
  await node.answer("put", "garden/tomatoes", "twelve", "--store", notes);
  await node.answer("append", "sowed beans", "--store", journal);
  await node.answer("peer", "invite", "--store", notes);
  const { intentions } = await json<{ intentions: { id: string }[] }>(
    node,
    "store",
    "history",
    "--store",
    notes,
  );
  return { notes: plain(notes), journal: plain(journal), intention: intentions[0]!.id };
}

function plain(id: string): string {
  return id.replaceAll("-", "");
}
