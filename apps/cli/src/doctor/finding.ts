/** What one check of the doctor's came to. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** `problem`: something does not work; `warning`: it works, but somebody should look. */
  readonly verdict: "ok" | "warning" | "problem";
  readonly text: string;
  /** What to do; "" where there is nothing to do. */
  readonly remedy: string;
}

export function ok(check: string, text: string): Finding {
  return { check, verdict: "ok", text, remedy: "" };
}

export function warning(check: string, text: string, remedy: string): Finding {
  return { check, verdict: "warning", text, remedy };
}

export function problem(check: string, text: string, remedy: string): Finding {
  return { check, verdict: "problem", text, remedy };
}
