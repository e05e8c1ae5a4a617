/** Keys and values. */
import { etcdserverpb, type mvccpb } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { toJson } from "../fields/json.ts";
import type { MessageType } from "../fields/message.ts";
import { bytesOfWord } from "../fields/value.ts";
import type { Output } from "../output.ts";
import { alignRows } from "../print/table.ts";
import { bytesText } from "../print/value.ts";
import { withCluster } from "./client.ts";
import { idOfWord, idText, maybeWholeNumber, rangeOfWords, wholeNumber } from "./words.ts";

const { RangeRequest_SortOrder: SortOrder, RangeRequest_SortTarget: SortTarget } = etcdserverpb;

export async function put(context: Context, args: CommandArguments): Promise<void> {
  const lease = args.value("lease");
  const words = [args.text("key"), args.text("value")] as const;
  const input = await context.input(words);
  const request = {
    key: bytesOfWord(words[0], "key"),
    value: bytesOfWord(words[1], "value", input),
    lease: lease === undefined ? 0n : idOfWord(lease, "lease"),
    prevKv: args.has("prev-kv"),
    ignoreValue: args.has("ignore-value"),
    ignoreLease: args.has("ignore-lease"),
  };
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.kv.put(request, options);
    showMessage(context.output, etcdserverpb.PutResponse, response, () => [
      ...(response.prevKv === undefined ? [] : [valueText(response.prevKv, context.output)]),
      ...revisionLines(context.output, response.header),
    ]);
  });
}

export function get(context: Context, args: CommandArguments): Promise<void> {
  const range = rangeOf(args);
  const request = {
    ...range,
    limit: maybeWholeNumber(args.value("limit"), "limit") ?? 0n,
    revision: maybeWholeNumber(args.value("rev"), "rev") ?? 0n,
    sortOrder: sortOrderOf(args),
    sortTarget: oneOf(SORT_TARGETS, args.value("sort-by") ?? "key", "sort-by"),
    keysOnly: args.has("keys-only"),
    countOnly: args.has("count-only"),
    serializable: args.has("serializable"),
  };
  return withCluster(context, args, async ({ client, options }) => {
    const { output } = context;
    const response = await client.kv.range(request, options);
    const isOne = range.rangeEnd.length === 0;
    if (isOne && response.count === 0n && !request.countOnly)
      throw new LatticeError("not-found", "not found");
    if (output.isRaw) {
      if (!isOne || request.countOnly || request.keysOnly)
        throw new UsageError("--raw is for what answers with one value");
      output.content(response.kvs[0]!.value);
      return;
    }
    showMessage(output, etcdserverpb.RangeResponse, response, () => {
      if (request.countOnly) return [String(response.count)];
      if (isOne && !request.keysOnly && !output.verbose)
        return response.kvs.map((kv) => valueText(kv, output));
      return keyLines(response.kvs, output, { areValuesShown: !request.keysOnly });
    });
    if (response.more) output.note(`there are ${response.count} in all`);
  });
}

export function del(context: Context, args: CommandArguments): Promise<void> {
  const request = { ...rangeOf(args), prevKv: args.has("prev-kv") };
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.kv.deleteRange(request, options);
    showMessage(context.output, etcdserverpb.DeleteRangeResponse, response, () => [
      String(response.deleted),
      ...keyLines(response.prevKvs, context.output, { areValuesShown: true }),
      ...revisionLines(context.output, response.header),
    ]);
  });
}

export function compact(context: Context, args: CommandArguments): Promise<void> {
  const revision = wholeNumber(args.text("revision"), "revision");
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.kv.compact({ revision, physical: args.has("physical") }, options);
    showMessage(context.output, etcdserverpb.CompactionResponse, response, () =>
      revisionLines(context.output, response.header),
    );
  });
}

/** An answer of the cluster: as a document, or as its lines. */
export function showMessage<T extends object>(
  output: Output,
  type: { readonly typeName: string; create(): T },
  message: T,
  lines: () => readonly string[],
): void {
  if (output.json) output.document(toJson(type as unknown as MessageType, message));
  else for (const line of lines()) output.line(line);
}

export function valueText(
  { value }: Pick<mvccpb.KeyValue, "value">,
  { bytes }: Pick<Output, "bytes">,
): string {
  return bytesText(value, { inline: false, bytes });
}

export function keyLines(
  kvs: readonly mvccpb.KeyValue[],
  output: Pick<Output, "verbose" | "bytes" | "paint" | "isCut">,
  { areValuesShown }: { readonly areValuesShown: boolean },
): string[] {
  const inline = { inline: true, bytes: output.bytes, isCut: output.isCut };
  const rows = kvs.map((kv) => [
    bytesText(kv.key, inline),
    ...(areValuesShown ? [bytesText(kv.value, inline)] : []),
    ...(output.verbose
      ? [
          String(kv.version),
          String(kv.createRevision),
          String(kv.modRevision),
          kv.lease === 0n ? "-" : idText(kv.lease),
        ]
      : []),
  ]);
  const names = ["KEY", ...(areValuesShown ? ["VALUE"] : []), "VERSION", "CREATED", "MODIFIED", "LEASE"];
  const head = names.map((name) => output.paint("title", name));
  return alignRows(output.verbose && rows.length > 0 ? [head, ...rows] : rows);
}

/** Of what changes something nothing is said, unless it is asked for. */
export function revisionLines(
  output: Pick<Output, "verbose">,
  header: etcdserverpb.ResponseHeader | undefined,
): string[] {
  return output.verbose && header !== undefined ? [`revision  ${header.revision}`] : [];
}

function rangeOf(args: CommandArguments) {
  return rangeOfWords({
    key: args.text("key"),
    end: args.maybeText("end"),
    isPrefix: args.has("prefix"),
    isFromKey: args.has("from-key"),
  });
}

const SORT_TARGETS: Readonly<Record<string, number>> = {
  key: SortTarget.KEY,
  version: SortTarget.VERSION,
  create: SortTarget.CREATE,
  mod: SortTarget.MOD,
  value: SortTarget.VALUE,
};
const SORT_ORDERS: Readonly<Record<string, number>> = {
  ascend: SortOrder.ASCEND,
  descend: SortOrder.DESCEND,
};

/** What is sorted by something is sorted, if only upwards. */
function sortOrderOf(args: CommandArguments): number {
  const order = args.value("order");
  if (order !== undefined) return oneOf(SORT_ORDERS, order, "order");
  return args.value("sort-by") === undefined ? SortOrder.NONE : SortOrder.ASCEND;
}

function oneOf(values: Readonly<Record<string, number>>, word: string, name: string): number {
  const value = Object.hasOwn(values, word.toLowerCase()) ? values[word.toLowerCase()] : undefined;
  if (value !== undefined) return value;
  throw new UsageError(`--${name}: "${word}" is none of: ${Object.keys(values).join(", ")}`);
}
