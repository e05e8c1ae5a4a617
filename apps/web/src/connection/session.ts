/** Signing in and out: a token for a cookie that only the browser sees. */
import { LatticeError } from "@lattice/model/errors";

const SESSION = "/api/session";
const HTTP_UNAUTHORIZED = 401;

/** Throws `unauthenticated` for a token that is not the node's. */
export async function signIn(token: string): Promise<void> {
  const response = await send("POST", { authorization: `Bearer ${token.trim()}` });
  if (response.ok) return;
  if (response.status === HTTP_UNAUTHORIZED) {
    throw new LatticeError("unauthenticated", "this is not the token of this node");
  }
  throw new LatticeError("internal", `the node answered with status ${response.status}`);
}

export async function signOut(): Promise<void> {
  await send("DELETE", {});
}

async function send(method: string, headers: Record<string, string>): Promise<Response> {
  try {
    return await fetch(SESSION, { method, headers });
  } catch (cause) {
    throw new LatticeError("unavailable", "the node cannot be reached", { cause });
  }
}

/** The code of a link that was pasted, which is good for one visit of the page; undefined where it is no link. */
export function linkCodeIn(text: string): string | undefined {
  return /[?&]token=([^&#\s]+)/.exec(text)?.[1];
}
