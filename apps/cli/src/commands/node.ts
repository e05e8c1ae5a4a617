import type { Command } from "./command.ts";

export const nodeCommands: readonly Command[] = [
  {
    path: ["node", "status"],
    json: "NodeStatus",
    group: "node",
    summary: "Who this node is and how it fares",
    async run({ client, output, signal }) {
      output.show("NodeStatus", await (await client()).node.getStatus({}, { signal }));
    },
  },
  {
    path: ["node", "set-name"],
    json: "SetNodeNameReply",
    group: "node",
    summary: "Name this node, in every store it is a member of",
    positionals: [{ name: "name" }],
    async run({ client, output, signal }, args) {
      const name = args.text("name");
      output.show("SetNodeNameReply", await (await client()).node.setName({ name }, { signal }));
    },
  },
  {
    path: ["node", "link"],
    json: "WebLinkReply",
    group: "node",
    summary: "A link that opens the page of this node, once",
    async run({ client, output, signal }) {
      output.show("WebLinkReply", await (await client()).node.webLink({}, { signal }));
    },
  },
  {
    path: ["node", "types"],
    json: "ListTypesReply",
    group: "node",
    summary: "The store types this node can run; the first is the default",
    async run({ client, output, signal }) {
      output.show("ListTypesReply", await (await client()).node.listTypes({}, { signal }));
    },
  },
];
