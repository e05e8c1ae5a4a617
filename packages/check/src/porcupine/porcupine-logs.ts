/**
 * Reads the two formats in which Porcupine's test data records histories, as times the numbers of the lines:
 *  - logs that Jepsen wrote of etcd as one register: `INFO  jepsen.util - 3	:invoke	:cas	[1 2]`
 *  - maps in EDN of a map with get, put and append: `{:process 0, :type :invoke, :f :get, :key "3", :value nil}`
 * Other lines are skipped. Throws `invalid-argument` for what the formats do not allow.
 */
import { LatticeError } from "@lattice/model";
import type { Operation } from "../history.ts";
import type { KvOp, KvResult } from "../models/kv.ts";
import type { RegisterOp, RegisterResult } from "../models/register.ts";

/**
 * `:fail` of a cas is the answer that it did not swap; a read that failed is left out. What timed out, or says `:info`, is
 * open: it may have taken effect.
 */
export function parseJepsenRegisterLog(text: string): Operation<RegisterOp, RegisterResult>[] {
  const history = new Recording<RegisterOp, RegisterResult>();
  for (const [line, { groups }] of matchLines(text, JEPSEN_LINE)) {
    const { process, type, f, value } = groups as Record<"process" | "type" | "f" | "value", string>;
    const at = { client: Number(process), line };
    if (type === "invoke") history.call(at, toRegisterOp(f, value, line));
    else if (type === "info" || value === ":timed-out") history.lose(at);
    else if (type === "ok")
      history.return(at, f === "read" ? toRegisterValue(value) : f === "cas" ? true : null);
    else if (f === "cas") history.return(at, false);
    else history.drop(at);
  }
  return history.operations();
}

/** The format knows no absence: the empty text stands for it, read or put. */
export function parseKvLog(text: string): Operation<KvOp, KvResult>[] {
  const history = new Recording<KvOp, KvResult>();
  for (const [line, { groups }] of matchLines(text, KV_LINE)) {
    const { process, type, f, key, value } = groups as Record<
      "process" | "type" | "f" | "key" | "value",
      string
    >;
    const at = { client: Number(process), line };
    if (type === "invoke") history.call(at, toKvOp({ f, key: unquote(key), value: toText(value) }));
    else if (type === "ok") history.return(at, f === "get" && toText(value) !== "" ? toText(value) : null);
    else if (type === "info") history.lose(at);
    else history.drop(at);
  }
  return history.operations();
}

const JEPSEN_LINE =
  /jepsen\.util\s+-\s+(?<process>\d+)\s+:(?<type>invoke|ok|fail|info)\s+:(?<f>read|write|cas)\s+(?<value>.+)$/;

const KV_LINE =
  /^\{:process (?<process>\d+), :type :(?<type>invoke|ok|fail|info), :f :(?<f>get|put|append), :key "(?<key>(?:[^"\\]|\\.)*)", :value (?<value>nil|"(?:[^"\\]|\\.)*")\}$/;

/** With their numbers, from 1. */
function* matchLines(text: string, pattern: RegExp): Iterable<[line: number, match: RegExpExecArray]> {
  for (const [index, line] of text.split("\n").entries()) {
    const match = pattern.exec(line.trim());
    if (match !== null) yield [index + 1, match];
  }
}

function toRegisterOp(f: string, value: string, line: number): RegisterOp {
  if (f === "read") return { type: "read" };
  if (f === "write") return { type: "write", value: toRegisterValue(value) };
  const [, from, to] = /^\[(\S+) (\S+)\]$/.exec(value) ?? [];
  if (from === undefined || to === undefined) throw badLine(line, "a cas without its two values");
  return { type: "cas", from: toRegisterValue(from), to: toRegisterValue(to) };
}

function toRegisterValue(value: string): string | null {
  return value === "nil" ? null : value;
}

function toKvOp({ f, key, value }: { f: string; key: string; value: string }): KvOp {
  if (f === "get") return { type: "get", key };
  if (f === "append") return { type: "append", key, value };
  return value === "" ? { type: "delete", key } : { type: "put", key, value };
}

function toText(value: string): string {
  return value === "nil" ? "" : unquote(value.slice(1, -1));
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

function unquote(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character);
}

interface Place {
  readonly client: number;
  readonly line: number;
}

/** Pairs the calls of each client with their ends. */
class Recording<Op, Result> {
  readonly #operations: Operation<Op, Result>[] = [];
  readonly #callByClient = new Map<number, { readonly op: Op; readonly calledAt: number }>();

  call({ client, line }: Place, op: Op): void {
    if (this.#callByClient.has(client)) throw badLine(line, `client ${client} calls before it returned`);
    this.#callByClient.set(client, { op, calledAt: line });
  }

  return(at: Place, result: Result): void {
    this.#operations.push({ client: at.client, ...this.#take(at), result, returnedAt: at.line });
  }

  /** The outcome will never be known. */
  lose(at: Place): void {
    this.#operations.push({ client: at.client, ...this.#take(at), result: undefined, returnedAt: undefined });
  }

  /** It is known to have had no effect. */
  drop(at: Place): void {
    this.#take(at);
  }

  /** By call; what has not returned yet is open. */
  operations(): Operation<Op, Result>[] {
    for (const client of [...this.#callByClient.keys()]) this.lose({ client, line: Infinity });
    return this.#operations.sort((a, b) => a.calledAt - b.calledAt);
  }

  #take({ client, line }: Place): { readonly op: Op; readonly calledAt: number } {
    const call = this.#callByClient.get(client);
    if (call === undefined) throw badLine(line, `client ${client} returns without a call`);
    this.#callByClient.delete(client);
    return call;
  }
}

function badLine(line: number, problem: string): LatticeError {
  return new LatticeError("invalid-argument", `line ${line}: ${problem}`);
}
