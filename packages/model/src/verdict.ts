import type { Malformed } from "./intention.ts";

/** Why an intention can never be accepted (weaver.md §3). A closed set: each is counted by its name. */
export type RejectReason =
  | Malformed
  | "wrong-store"
  | "second-genesis"
  | "bad-author-key"
  | "bad-signature"
  | "wrong-seq"
  | "prev-of-another"
  | "timestamp-not-after-parent";

/** Why an intention cannot be witnessed yet. */
export type HoldReason = "parent-missing" | "not-a-member" | "future" | "unsigned";

export type Verdict =
  | { readonly kind: "witnessed" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "held"; readonly reason: HoldReason }
  | { readonly kind: "rejected"; readonly reason: RejectReason };
