/** The page as files: `dist/index.html` and what stands below `dist/assets`, named by their content. */
import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  resolve: { conditions: ["@lattice/source", ...defaultClientConditions] },
  build: {
    target: "es2022",
    // The page allows no inline content, images among them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      onLog: (level, log, tell) => {
        // React's libraries mark what runs in a browser for frameworks that also run on servers; here everything does.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") tell(level, log);
      },
    },
  },
  // `LATTICE_WEB=http://localhost:8123 pnpm exec vite`: the page as it is edited, on a node that runs.
  server: {
    proxy: {
      "/api": {
        target: process.env["LATTICE_WEB"] ?? "http://localhost:8123",
        changeOrigin: true,
        headers: { origin: process.env["LATTICE_WEB"] ?? "http://localhost:8123" },
      },
    },
  },
});
