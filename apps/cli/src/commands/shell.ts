import { UsageError } from "../errors.ts";
import type { Command } from "./command.ts";

export const shellCommands: readonly Command[] = [
  {
    path: ["subs"],
    json: { text: '[{"id": 1, "label": "…"}, …]' },
    group: "shell",
    summary: "The streams that run in the background",
    run({ output, session }) {
      const streams = session.subscriptions.list();
      if (output.json) output.document(streams.map(({ id, label }) => ({ id, label })));
      else for (const { id, label } of streams) output.line(`#${id} ${label}`);
    },
  },
  {
    path: ["unsub"],
    group: "shell",
    summary: "Stop a stream in the background; unsub all stops every one",
    positionals: [{ name: "n", completes: "stream" }],
    async run({ session }, args) {
      const which = args.text("n");
      if (which === "all") return session.subscriptions.stopAll();
      const match = /^#?(\d{1,9})$/.exec(which);
      if (match === null) throw new UsageError(`"${which}" is no number of a stream`, "unsub N|all");
      return session.subscriptions.stop(Number(match[1]));
    },
  },
  {
    path: ["completion"],
    group: "shell",
    summary: "Print what a shell needs so that Tab completes commands, stores and keys",
    positionals: [{ name: "shell", completes: "shell" }],
    async run({ output }, args) {
      const { SHELLS, SHELL_SCRIPTS } = await import("../shell-scripts.ts");
      const shell = SHELLS.find((each) => each === args.text("shell"));
      if (shell === undefined)
        throw new UsageError(
          `"${args.text("shell")}" is no shell that is known: say one of ${SHELLS.join(", ")}`,
        );
      for (const line of SHELL_SCRIPTS[shell].split("\n")) output.line(line);
    },
  },
  {
    path: ["help"],
    group: "shell",
    summary: "The commands, or one of them",
    positionals: [{ name: "command", optional: true, rest: true, completes: "command" }],
    run: (context, args) => context.help(args.list("command")),
  },
  {
    path: ["quit"],
    group: "shell",
    summary: "Leave; a daemon goes on running",
    run: ({ session }) => session.quit(),
  },
];
