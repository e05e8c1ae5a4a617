// Loaded ahead of every script (`node --import`), and therefore plain JavaScript that an old Node can read: the
// scripts themselves are TypeScript, which Node 24 runs as it stands.
const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) {
  console.error(
    `Lattice needs Node 24, and this is ${process.versions.node}. Run it through pnpm, which brings Node 24 along ` +
      "on Linux (npx -y pnpm@12.21.0 start), or install Node 24.",
  );
  process.exit(1);
}
