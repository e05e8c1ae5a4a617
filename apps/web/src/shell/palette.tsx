/** Go anywhere by its name: places of the page, stores, and what can be done. */
import { useId, useState, type KeyboardEvent, type ReactNode } from "react";
import { useStores } from "../data/queries.ts";
import { Dialog } from "../parts/dialog.tsx";
import { navigate } from "../routing/navigation.tsx";
import { storePath } from "../routing/route.ts";
import { storeTitle, storeTree } from "../stores/store-tree.ts";
import type { Shortcut } from "./shortcuts.ts";

interface PaletteProps {
  readonly shortcuts: readonly Shortcut[];
  readonly onClose: () => void;
}

interface Goal {
  readonly label: string;
  readonly note: string;
  readonly run: () => void;
}

const SHOWN_MAX = 12;

export function Palette({ shortcuts, onClose }: PaletteProps): ReactNode {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const goals = matching(useGoals(shortcuts), text).slice(0, SHOWN_MAX);
  const chosen = goals[Math.min(at, goals.length - 1)];
  const choose = (goal: Goal | undefined): void => {
    if (goal === undefined) return;
    onClose();
    goal.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && goals.length > 0) {
      event.preventDefault();
      setAt((Math.min(at, goals.length - 1) + step + goals.length) % goals.length);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      choose(chosen);
    }
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <input
        className="palette-input"
        type="text"
        role="combobox"
        aria-label="Name of a store, a place or a command"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={chosen === undefined ? undefined : `${listId}-${goals.indexOf(chosen)}`}
        placeholder="Store, place or command"
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul className="palette-list" id={listId} role="listbox" aria-label="What fits">
        {goals.map((goal, index) => (
          <li
            key={`${goal.label} ${goal.note}`}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={goal === chosen}
            onMouseDown={(event) => {
              event.preventDefault();
              choose(goal);
            }}
          >
            <span>{goal.label}</span>
            <span className="muted">{goal.note}</span>
          </li>
        ))}
      </ul>
      {goals.length === 0 ? <p className="muted">Nothing is called that.</p> : null}
    </Dialog>
  );
}

function useGoals(shortcuts: readonly Shortcut[]): readonly Goal[] {
  const { data: stores = [] } = useStores();
  const places = storeTree(stores).map(({ store, id }) => ({
    label: storeTitle(store),
    note: `${store.type} ${id.slice(0, 8)}`,
    run: () => navigate(storePath(id)),
  }));
  const commands = shortcuts
    .filter(({ keys }) => keys !== "Ctrl K" && keys !== "/")
    .map(({ keys, what, run }) => ({ label: what, note: keys, run }));
  return [...places, ...commands];
}

function matching(goals: readonly Goal[], text: string): readonly Goal[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return goals.filter(({ label, note }) => {
    const name = `${label} ${note}`.toLowerCase();
    return words.every((word) => name.includes(word));
  });
}
