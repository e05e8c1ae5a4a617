/** How the pages look: in the reader's own fonts, in light and dark, on a phone as well. */
export const STYLE = `:root {
  color-scheme: light dark;
  --text: light-dark(#1d2430, #d7dde6);
  --faint: light-dark(#5b6675, #98a3b3);
  --page: light-dark(#ffffff, #14181f);
  --panel: light-dark(#f4f6f9, #1b212a);
  --line: light-dark(#dfe4ea, #2d3541);
  --link: light-dark(#0b5cad, #7ab8ff);
}
* { box-sizing: border-box; }
body {
  margin: 0;
  display: grid;
  grid-template-columns: 15rem minmax(0, 1fr);
  color: var(--text);
  background: var(--page);
  font: 1rem/1.6 system-ui, sans-serif;
}
nav {
  position: sticky;
  top: 0;
  height: 100vh;
  overflow-y: auto;
  padding: 1.5rem;
  background: var(--panel);
  border-right: 1px solid var(--line);
}
nav .name { margin: 0; font-size: 1.25rem; font-weight: 600; }
nav h2 { margin: 1.25rem 0 0.25rem; font-size: 0.8rem; color: var(--faint); font-weight: 600; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: 0.15rem 0; color: inherit; text-decoration: none; }
nav a:hover, nav a[aria-current] { color: var(--link); }
nav a[aria-current] { font-weight: 600; }
main { padding: 1.5rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 56rem; }
h1, h2, h3 { line-height: 1.25; scroll-margin-top: 1rem; }
main h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-bottom: 0.25rem; }
a { color: var(--link); }
code { font: 0.9em ui-monospace, monospace; background: var(--panel); padding: 0.1em 0.3em; border-radius: 3px; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.75rem 1rem; overflow-x: auto; line-height: 1.45; }
pre code { background: none; padding: 0; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.95rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line); }
@media (max-width: 48rem) {
  body { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); }
}
`;
