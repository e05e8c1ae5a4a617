/** What a call failed with, as the page needs it. */
import { LatticeError } from "@lattice/model/errors";
import { shownText } from "../text/shown-text.ts";

/** One line that says what was wrong and, where there is something to do, what. */
export function problemText(error: unknown): string {
  const { message } = LatticeError.from(error);
  return message === "" ? "something went wrong" : shownText(message);
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof LatticeError && error.code === "unauthenticated";
}

/** The node cannot be reached; it may be back any moment. */
export function isAway(error: unknown): boolean {
  return error instanceof LatticeError && (error.code === "unavailable" || error.code === "closed");
}

/** Ended by whoever made the call. */
export function isCancelled(error: unknown): boolean {
  return error instanceof LatticeError && error.code === "cancelled";
}
