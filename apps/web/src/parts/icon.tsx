/** The page's own icons: 16 by 16, in the colour of the text around them. */
import type { ReactNode } from "react";

const PATHS = {
  overview: "M2.5 8.5 8 3l5.5 5.5M4 7.5V13h8V7.5",
  stores:
    "M2.5 4.5c0-1.1 2.5-2 5.5-2s5.5.9 5.5 2-2.5 2-5.5 2-5.5-.9-5.5-2Zm0 0v7c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2v-7m-11 3.5c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2",
  events: "M2 8h2.5L6.5 3l3 10 2-5H14",
  cluster:
    "M8 2a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM3.5 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4Zm9 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM7 5.8l-2.5 4.4M9 5.8l2.5 4.4m-6 1.8h5",
  plus: "M8 3v10M3 8h10",
  join: "M9.5 3H13v10H9.5M2.5 8H9m0 0L6.5 5.5M9 8l-2.5 2.5",
  copy: "M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8v-8Z",
  check: "m3 8.5 3.5 3.5L13 4.5",
  close: "m4 4 8 8m0-8-8 8",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Zm3.5 8 3 3",
  sun: "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM8 1.5v1.5m0 10v1.5M1.5 8H3m10 0h1.5M3.4 3.4l1.1 1.1m7 7 1.1 1.1m0-9.2-1.1 1.1m-7 7-1.1 1.1",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z",
  help: "M6 6a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.6M8 12h.01M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z",
  conflict: "M8 14V9.5M8 9.5C8 7 4 7 4 3m4 6.5C8 7 12 7 12 3M2.5 4.5 4 3l1.5 1.5m5 0L12 3l1.5 1.5",
  warning: "M8 2.5 14 13H2L8 2.5Zm0 4v3M8 11.2h.01",
  play: "M4.5 3v10l8-5-8-5Z",
  stop: "M4 4h8v8H4z",
  down: "M8 3v9.5m0 0L4 8.5m4 4 4-4",
  right: "m6 3.5 4.5 4.5L6 12.5",
  sync: "M13 7A5 5 0 0 0 4 5L2.5 6.5m0 0v-3m0 3h3M3 9a5 5 0 0 0 9 2l1.5-1.5m0 0v3m0-3h-3",
  edit: "m3 13 .5-2.5 7-7 2 2-7 7L3 13Z",
  minus: "M3 8h10",
  toEnd: "M2.5 8h8m0 0L7 4.5M10.5 8 7 11.5M13.5 3v10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6m0 4v3.5H10M6 13.5H2.5V10",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration: what it stands for is said in words beside it, or by the label of what holds it. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
