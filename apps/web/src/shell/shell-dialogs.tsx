/** Dialogs that can be opened from anywhere on the page: one at a time. */
import { createContext, use, type ReactNode } from "react";

export type ShellDialog =
  | { readonly kind: "create"; readonly parent?: string }
  | { readonly kind: "join" }
  | { readonly kind: "help" }
  | { readonly kind: "palette" };

type OpenDialog = (dialog: ShellDialog) => void;

const Context = createContext<OpenDialog>(() => undefined);

export function ShellDialogs({
  open,
  children,
}: {
  readonly open: OpenDialog;
  readonly children: ReactNode;
}): ReactNode {
  return <Context value={open}>{children}</Context>;
}

export function useOpenDialog(): OpenDialog {
  return use(Context);
}
