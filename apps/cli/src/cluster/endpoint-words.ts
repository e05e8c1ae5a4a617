/** Where members of a cluster are and who asks them, as flags and the environment say it. */

/** Clusters that a node is to tell of. */
export interface ClusterWish {
  readonly endpoints: readonly string[];
  /** Who asks, where the cluster has users. */
  readonly user: UserWords | undefined;
}

interface UserWords {
  readonly name: string;
  readonly password: string;
}

/** Words between commas. */
export function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** `NAME` or `NAME:PASSWORD`; undefined where there is none. */
export function userOfWord(text: string | undefined): UserWords | undefined {
  if (text === undefined || text === "") return undefined;
  const at = text.indexOf(":");
  return at < 0 ? { name: text, password: "" } : { name: text.slice(0, at), password: text.slice(at + 1) };
}
