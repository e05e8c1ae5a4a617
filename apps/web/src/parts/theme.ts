/** Dark or light: as the system is, until somebody chooses. `theme.js` does the same before anything is drawn. */
import { useSyncExternalStore } from "react";

export type Theme = "dark" | "light";

const STORED = "lattice.theme";
const CHANGED = "lattice:theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function currentTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  if (chosen === "dark" || chosen === "light") return chosen;
  return systemDark.matches ? "dark" : "light";
}

export function toggleTheme(): void {
  const theme = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(STORED, theme);
  } catch {
    // Storage is denied: it holds until the page is loaded anew.
  }
  dispatchEvent(new Event(CHANGED));
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme);
}

function subscribe(onChange: () => void): () => void {
  addEventListener(CHANGED, onChange);
  systemDark.addEventListener("change", onChange);
  return () => {
    removeEventListener(CHANGED, onChange);
    systemDark.removeEventListener("change", onChange);
  };
}
