// Before anything is drawn, so that nobody sees the other theme flash by. A file of its own: the page allows no inline script.
try {
  const theme = localStorage.getItem("lattice.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is denied: the theme of the system it is.
}
