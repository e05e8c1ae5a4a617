/** How a timeline looks; colours follow what the reader's system is set to. */
import { BAR_HEIGHT } from "./layout.ts";

export const CLIENT_WIDTH = 96;

export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fff; --text: #1b1f24; --quiet: #59636e; --line: #d1d9e0;
  --bar: #dbe9ff; --bar-edge: #4a7fd6; --path: #0b57b0; --on-path: #fff;
  --stuck: #ffd9d6; --stuck-edge: #c62828;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1116; --text: #e8ecf1; --quiet: #9aa5b1; --line: #333b45;
    --bar: #1b2f4f; --bar-edge: #5b93ec; --path: #8ab8ff; --on-path: #0e1116;
    --stuck: #58201f; --stuck-edge: #ff8a80;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 90rem; margin: 0 auto; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
p, li { max-width: 75ch; overflow-wrap: anywhere; }
a { color: var(--path); }
code { font: 13px/1.4 ui-monospace, monospace; }
.quiet { color: var(--quiet); }
.chart { overflow: auto hidden; border: 1px solid var(--line); border-radius: 6px; }
.rows { position: relative; margin: 0 0 6.5rem; }
.client { position: absolute; left: 0; border-bottom: 1px solid var(--line); }
.client > h3 {
  position: sticky; left: 0; z-index: 2; width: ${CLIENT_WIDTH}px; height: 100%; margin: 0; padding: .75rem;
  background: var(--ground); border-right: 1px solid var(--line); font-size: .85rem; font-weight: 600;
}
.client ul { margin: 0; padding: 0; list-style: none; }
.bar {
  position: absolute; max-width: none; height: ${BAR_HEIGHT}px; padding: 0 6px; border: 1px solid var(--bar-edge); border-radius: 5px;
  background: var(--bar); line-height: ${BAR_HEIGHT + 6}px;
}
.bar > .label { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar.open { border-style: dashed; border-right: 0; border-radius: 5px 0 0 5px; }
.bar.unplaced { opacity: .75; }
.bar.stuck { border: 2px solid var(--stuck-edge); background: var(--stuck); font-weight: 600; }
.bar > .details {
  position: absolute; z-index: 4; left: 0; top: ${BAR_HEIGHT + 4}px; width: max-content; max-width: 28rem; padding: .4rem .6rem;
  border: 1px solid var(--line); border-radius: 5px; background: var(--ground); font-weight: 400; line-height: 1.4;
  overflow-wrap: anywhere; opacity: 0; pointer-events: none;
}
.bar:hover, .bar:focus { z-index: 5; opacity: 1; outline: 2px solid var(--path); outline-offset: 1px; }
.bar:hover > .details, .bar:focus > .details { opacity: 1; }
.path { position: absolute; top: 0; left: ${CLIENT_WIDTH}px; z-index: 1; pointer-events: none; }
.path polyline { fill: none; stroke: var(--path); stroke-width: 1.5; opacity: .7; }
.path circle { fill: var(--path); }
.path text { fill: var(--on-path); font: 600 10px ui-monospace, monospace; text-anchor: middle; dominant-baseline: central; }
.path .end { stroke: var(--stuck-edge); stroke-width: 2; stroke-dasharray: 5 4; }
`;
