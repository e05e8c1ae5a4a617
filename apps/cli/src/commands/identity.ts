/** Commands that take a node's identity out of its data directory, and put it into another one. */
import type { Flag } from "../flags.ts";
import type { Command } from "./command.ts";

const PASSPHRASE_FILE: Flag = {
  name: "passphrase-file",
  value: "FILE",
  help: "one that is sealed, with the first line of FILE as passphrase",
};

export const identityCommands: readonly Command[] = [
  {
    path: ["node", "identity", "export"],
    json: { text: '{"public_key", "file", "sealed"}' },
    group: "node",
    needsNoNode: true,
    summary: "Write this node's identity to a new file (- prints it), to keep it or to move the node",
    positionals: [{ name: "file" }],
    flags: [
      {
        name: "passphrase",
        help: "seal it with a passphrase: LATTICE_PASSPHRASE, else one that is asked for",
      },
      PASSPHRASE_FILE,
    ],
    run: async (context, args) => (await import("../identity/export.ts")).exportIdentity(context, args),
  },
  {
    path: ["node", "identity", "import"],
    json: { text: '{"public_key", "data"}' },
    group: "node",
    needsNoNode: true,
    summary: "Put an exported identity into a data directory that has none",
    positionals: [{ name: "file" }],
    flags: [
      {
        name: "passphrase",
        help: "refuse one that is not sealed; LATTICE_PASSPHRASE opens it, else one that is asked for",
      },
      PASSPHRASE_FILE,
    ],
    run: async (context, args) => (await import("../identity/import.ts")).importIdentity(context, args),
  },
];
