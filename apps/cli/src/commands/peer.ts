import { parseDurationMs } from "../duration.ts";
import { storeKey } from "../store-key.ts";
import type { Command } from "./command.ts";

export const peerCommands: readonly Command[] = [
  {
    path: ["peer", "list"],
    json: "ListPeersReply",
    group: "peer",
    summary: "The members of the store",
    async run(context) {
      const request = { store: storeKey(await context.store()) };
      const reply = await (await context.client()).store.listPeers(request, { signal: context.signal });
      context.output.show("ListPeersReply", reply);
    },
  },
  {
    path: ["peer", "invite"],
    json: "InviteReply",
    group: "peer",
    summary: "Print a token with which one other node can join the store",
    flags: [
      { name: "role", value: "ROLE", help: "reader, writer, admin or owner (writer)", completes: "role" },
      { name: "expires", value: "SPAN", help: "such as 12h or 7d (7d)" },
      { name: "qr", help: "show it also as a QR code, on stderr" },
    ],
    async run(context, args) {
      const { output, session, signal } = context;
      const expires = args.value("expires");
      const expiresInMs = expires === undefined ? 0n : BigInt(parseDurationMs(expires));
      const role = args.value("role") ?? "";
      const request = { store: storeKey(await context.store()), role, expiresInMs };
      const reply = await (await context.client()).store.invite(request, { signal });
      output.show("InviteReply", reply, () => [reply.token]);
      if (args.has("qr")) {
        const { qrLines } = await import("../print/qr-code.ts");
        for (const line of qrLines(reply.token, session.options.console.paintError)) output.aside(line);
      }
      const invite = Buffer.from(reply.invite).toString("hex").slice(0, 8);
      output.note(`invite ${invite}, good until ${new Date(Number(reply.expiresMs)).toISOString()}`);
    },
  },
  {
    path: ["peer", "invites"],
    json: "ListInvitesReply",
    group: "peer",
    summary: "The invites of the store, and what became of them",
    async run(context) {
      const request = { store: storeKey(await context.store()) };
      const reply = await (await context.client()).store.listInvites(request, { signal: context.signal });
      context.output.show("ListInvitesReply", reply);
    },
  },
  {
    path: ["peer", "uninvite"],
    json: "UninviteReply",
    group: "peer",
    summary: "Take an invite back; the first digits of its id are enough",
    positionals: [{ name: "invite" }],
    async run(context, args) {
      const request = { store: storeKey(await context.store()), invite: args.text("invite") };
      const reply = await (await context.client()).store.uninvite(request, { signal: context.signal });
      context.output.show("UninviteReply", reply);
    },
  },
];
