/** Changes of keys, as they come. */
import { mvccpb } from "@lattice/etcd-proto";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { toJson } from "../fields/json.ts";
import type { MessageType } from "../fields/message.ts";
import type { Output } from "../output.ts";
import { alignRows } from "../print/table.ts";
import { bytesText } from "../print/value.ts";
import { openClient } from "./client.ts";
import { clusterError } from "./errors.ts";
import { maybeWholeNumber, rangeOfWords } from "./words.ts";

export async function watch(context: Context, args: CommandArguments): Promise<void> {
  const range = rangeOfWords({
    key: args.text("key"),
    end: args.maybeText("end"),
    isPrefix: args.has("prefix"),
    isFromKey: args.has("from-key"),
  });
  const startRevision = maybeWholeNumber(args.value("rev"), "rev") ?? 0n;
  const request = { ...range, startRevision, prevKv: args.has("prev-kv") };
  const { output } = context;
  const open = async function* (signal: AbortSignal): AsyncGenerator<string> {
    const client = await openClient(context, args);
    try {
      const onResume = (failure: Error): void => output.note(`${failure.message}; going on elsewhere`);
      for await (const { events } of client.watch(request, { signal, onResume })) {
        for (const event of events) yield output.json ? jsonLine(event) : eventLine(event, output);
      }
    } catch (error) {
      throw clusterError(error);
    } finally {
      await client.close();
    }
  };
  const label = ["cluster", "watch", args.text("key"), args.maybeText("end")].filter(Boolean).join(" ");
  await context.follow({ label, open });
}

function jsonLine(event: mvccpb.Event): string {
  return JSON.stringify(toJson(mvccpb.Event as unknown as MessageType, event));
}

function eventLine({ type, kv, prevKv }: mvccpb.Event, { verbose: isVerbose, bytes }: Output): string {
  const inline = { inline: true, bytes };
  const isPut = type === mvccpb.Event_EventType.PUT;
  const cells = [
    isPut ? "put" : "delete",
    bytesText(kv!.key, inline),
    ...(isPut ? [bytesText(kv!.value, inline)] : []),
    ...(prevKv === undefined ? [] : [`(was ${bytesText(prevKv.value, inline)})`]),
    ...(isVerbose ? [`revision ${kv!.modRevision}`] : []),
  ];
  return alignRows([cells])[0]!;
}
