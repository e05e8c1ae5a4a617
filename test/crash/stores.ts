import type { CrashNode } from "./crash-node.ts";
import { hex } from "./witness-log.ts";

/** A root store of the default type; its id in hex. */
export async function createRoot(node: CrashNode): Promise<string> {
  return await createStore(node, { name: "", parent: "" });
}

export async function createStore(
  node: CrashNode,
  { name, parent }: { name: string; parent: string },
): Promise<string> {
  const { id } = await node.answer("create", (client, signal) =>
    client.store.create({ name, parent, type: "" }, { signal }),
  );
  return hex(id);
}

export async function invite(node: CrashNode, store: string): Promise<string> {
  const { token } = await node.answer("invite", (client, signal) =>
    client.store.invite({ store }, { signal }),
  );
  return token;
}

/** To the end; says how many steps it took. */
export async function join(node: CrashNode, token: string, onStep: () => void = () => {}): Promise<void> {
  await node.answer("join", async (client, signal) => {
    for await (const _step of client.node.join({ token }, { signal })) onStep();
  });
}

/** Ids are in hex; that of a root's parent is empty. */
export interface ListedStore {
  readonly id: string;
  readonly name: string;
  readonly parent: string;
  readonly problem: string;
}

export async function listStores(node: CrashNode): Promise<ListedStore[]> {
  const { stores } = await node.answer("list", (client, signal) => client.store.list({}, { signal }));
  return stores.map(({ id, name, parentId, problem }) => ({
    id: hex(id),
    name,
    parent: hex(parentId),
    problem,
  }));
}
