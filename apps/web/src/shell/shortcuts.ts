/**
 * Keys of the page. A single letter counts only where nobody types; `g` waits for a second letter.
 */
import { useEffect, useEffectEvent } from "react";

export interface Shortcut {
  /** As it is shown: `g o`, `?`, `Ctrl K`. */
  readonly keys: string;
  readonly what: string;
  readonly run: () => void;
}

const SEQUENCE_MS = 1_200;

export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const pressed = useEffectEvent((keys: string): boolean => {
    const found = shortcuts.find((shortcut) => shortcut.keys === keys);
    found?.run();
    return found !== undefined;
  });
  useEffect(() => {
    let first = "";
    let firstMs = 0;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.altKey) return;
      if (event.ctrlKey || event.metaKey) {
        if (event.key.toLowerCase() === "k" && pressed("Ctrl K")) event.preventDefault();
        return;
      }
      if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
      const isSecond = first !== "" && event.timeStamp - firstMs < SEQUENCE_MS;
      const keys = isSecond ? `${first} ${event.key}` : event.key;
      first = "";
      if (!isSecond && event.key === "g") {
        first = "g";
        firstMs = event.timeStamp;
        return;
      }
      if (pressed(keys)) event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const isText = target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type);
  return isText || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
