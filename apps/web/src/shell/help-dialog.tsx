import { Fragment, type ReactNode } from "react";
import { Dialog } from "../parts/dialog.tsx";
import type { Shortcut } from "./shortcuts.ts";

interface HelpDialogProps {
  readonly shortcuts: readonly Shortcut[];
  readonly onClose: () => void;
}

const IN_PLACES: readonly (readonly [keys: string, what: string])[] = [
  ["↑ ↓ PgUp PgDn Home End", "move in a list of keys"],
  ["Ctrl Enter", "save, append or call what is typed"],
  ["← → ↑ ↓", "history: to the intentions before, behind and beside"],
  ["+ − 0", "history: zoom in, out, and fit"],
  ["Esc", "close what is open"],
];

export function HelpDialog({ shortcuts, onClose }: HelpDialogProps): ReactNode {
  const rows = [...shortcuts.map(({ keys, what }) => [keys, what] as const), ...IN_PLACES];
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="key-help">
        {rows.map(([keys, what]) => (
          <Fragment key={`${keys} ${what}`}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
