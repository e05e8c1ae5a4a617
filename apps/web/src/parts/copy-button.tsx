import { useEffect, useState, type ReactNode } from "react";
import { Icon } from "./icon.tsx";

const TOLD_MS = 1_500;

/** `what` is what is copied, in words: "the key". */
export function CopyButton({
  text,
  what,
  withText,
}: {
  readonly text: string;
  readonly what: string;
  readonly withText?: boolean;
}): ReactNode {
  const [outcome, setOutcome] = useState<"none" | "copied" | "failed">("none");
  useEffect(() => {
    if (outcome === "none") return undefined;
    const timer = setTimeout(() => setOutcome("none"), TOLD_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setOutcome("copied"),
      () => setOutcome("failed"),
    );
  };
  const label = outcome === "copied" ? "Copied" : outcome === "failed" ? "Cannot copy here" : `Copy ${what}`;
  return (
    <button
      type="button"
      className={withText === true ? "button" : "button button-quiet button-icon"}
      onClick={copy}
      aria-label={label}
      title={label}
    >
      <Icon name={outcome === "copied" ? "check" : "copy"} />
      {withText === true ? <span>{outcome === "none" ? "Copy" : label}</span> : null}
    </button>
  );
}
