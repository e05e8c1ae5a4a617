/**
 * A transaction, from words:
 *
 *   COMPARE    TARGET(KEY) =|!=|<|> VALUE    TARGET is value, version, create, mod or lease
 *   OPERATION  put KEY VALUE | get KEY [END] [--prefix] [--from-key] | del KEY [END] [--prefix] [--from-key]
 *
 * Keys and values are split and quoted as everywhere on the command line.
 */
import { etcdserverpb } from "@lattice/etcd-proto";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { bytesOfWord } from "../fields/value.ts";
import { takeFlags, type Flag } from "../flags.ts";
import type { Output } from "../output.ts";
import { tokenize } from "../tokenizer.ts";
import { withCluster } from "./client.ts";
import { keyLines, revisionLines, showMessage } from "./keys.ts";
import { idOfWord, rangeOfWords, wholeNumber } from "./words.ts";

const { Compare_CompareResult: Result, Compare_CompareTarget: Target } = etcdserverpb;

export function txn(context: Context, args: CommandArguments): Promise<void> {
  const request = {
    compare: args.values("if").map(compareOf),
    success: args.values("then").map(operationOf),
    failure: args.values("else").map(operationOf),
  };
  if (request.success.length + request.failure.length === 0) {
    throw new UsageError("there is nothing to do: say it with --then or --else");
  }
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.kv.txn(request, options);
    showMessage(context.output, etcdserverpb.TxnResponse, response, () => [
      response.succeeded ? "then" : "else",
      ...response.responses.flatMap((each) => responseLines(each, context.output)).map((line) => `  ${line}`),
      ...revisionLines(context.output, response.header),
    ]);
  });
}

const RESULTS: Readonly<Record<string, etcdserverpb.Compare_CompareResult>> = {
  "=": Result.EQUAL,
  "==": Result.EQUAL,
  "!=": Result.NOT_EQUAL,
  "<": Result.LESS,
  ">": Result.GREATER,
};

export function compareOf(text: string): etcdserverpb.Compare {
  const match = /^\s*(value|version|create|mod|lease)\s*\(([^]*)\)\s*(==?|!=|<|>)\s*([^]*)$/.exec(text);
  if (match === null) {
    throw new UsageError(
      `"${text}" compares nothing; write it like 'value(KEY) = VALUE' or 'version(KEY) > 0'`,
    );
  }
  const [, target, key, sign, word] = match as unknown as [string, string, string, string, string];
  return {
    result: RESULTS[sign]!,
    ...against(target, oneWord(word, text)),
    key: bytesOfWord(oneWord(key, text), "key"),
    rangeEnd: new Uint8Array(0),
  };
}

function against(target: string, word: string): Pick<etcdserverpb.Compare, "target" | "targetUnion"> {
  switch (target) {
    case "value":
      return { target: Target.VALUE, targetUnion: { oneofKind: "value", value: bytesOfWord(word, "value") } };
    case "version":
      return {
        target: Target.VERSION,
        targetUnion: { oneofKind: "version", version: wholeNumber(word, "version") },
      };
    case "create":
      return {
        target: Target.CREATE,
        targetUnion: { oneofKind: "createRevision", createRevision: wholeNumber(word, "create") },
      };
    case "mod":
      return {
        target: Target.MOD,
        targetUnion: { oneofKind: "modRevision", modRevision: wholeNumber(word, "mod") },
      };
    default:
      return { target: Target.LEASE, targetUnion: { oneofKind: "lease", lease: idOfWord(word, "lease") } };
  }
}

/** Quotes are taken off; blanks within want them. */
function oneWord(text: string, whole: string): string {
  const words = tokenize(text);
  if (words.length === 1) return words[0]!;
  throw new UsageError(
    `"${whole}": ${words.length === 0 ? "something is missing" : "put what has blanks in quotes"}`,
  );
}

const RANGE_FLAGS: readonly Flag[] = [
  { name: "prefix", help: "" },
  { name: "from-key", help: "" },
];

export function operationOf(text: string): etcdserverpb.RequestOp {
  const [verb, ...rest] = tokenize(text);
  const { words, literal, switches } = takeFlags(rest, RANGE_FLAGS);
  const [first, second, ...others] = [...words, ...(literal ?? [])];
  const isPut = verb === "put";
  if (!["put", "get", "del"].includes(verb ?? "") || first === undefined || others.length > 0)
    throw noOperation(text);
  if (isPut) {
    if (second === undefined || switches.size > 0) throw noOperation(text);
    const key = bytesOfWord(first, "key");
    const requestPut = etcdserverpb.PutRequest.create({ key, value: bytesOfWord(second, "value") });
    return { request: { oneofKind: "requestPut", requestPut } };
  }
  const range = rangeOfWords({
    key: first,
    end: second,
    isPrefix: switches.has("prefix"),
    isFromKey: switches.has("from-key"),
  });
  if (verb === "get") {
    return { request: { oneofKind: "requestRange", requestRange: etcdserverpb.RangeRequest.create(range) } };
  }
  const requestDeleteRange = etcdserverpb.DeleteRangeRequest.create(range);
  return { request: { oneofKind: "requestDeleteRange", requestDeleteRange } };
}

function noOperation(text: string): UsageError {
  return new UsageError(
    `"${text}" is no operation; write 'put KEY VALUE', 'get KEY [END]' or 'del KEY [END]'`,
  );
}

function responseLines({ response }: etcdserverpb.ResponseOp, output: Output): string[] {
  switch (response.oneofKind) {
    case "responseRange":
      return keyLines(response.responseRange.kvs, output, { areValuesShown: true });
    case "responseDeleteRange":
      return [`deleted ${response.responseDeleteRange.deleted}`];
    default:
      return [];
  }
}
