/** All that the doctor looks at: first what needs no node, then the node, then its stores. */
import type { Context } from "../context.ts";
import { examineMachine } from "./machine.ts";
import { examineNode } from "./node.ts";
import type { Finding } from "./finding.ts";

export async function examine(context: Context): Promise<readonly Finding[]> {
  return [...examineMachine(context.session.options.dataDirectory), ...(await examineNode(context))];
}
