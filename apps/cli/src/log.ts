/**
 * The log of a node that this command runs: a line for each thing that happens, on stderr. For a person a short one, for a program
 * a JSON document.
 */
import type { Log, LogLevel } from "@lattice/model";
import { oneLine } from "./print/text.ts";
import type { World } from "./world.ts";

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const satisfies readonly LogLevel[];
export const LOG_FORMATS = ["text", "json"] as const;

export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogOptions {
  /** What matters less is left out. */
  readonly level: LogLevel;
  /** Absent: text for a terminal, JSON for whatever else reads it. */
  readonly format: LogFormat | undefined;
}

export function openLog({ errors }: Pick<World, "errors">, { level: least, format }: LogOptions): Log {
  const shown = new Set(LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(least) + 1));
  const write = (format ?? (errors.isTTY === true ? "text" : "json")) === "json" ? jsonLine : textLine;
  return (level, message, fields = {}) => {
    if (shown.has(level)) errors.write(`${write({ time: new Date(), level, message, fields })}\n`);
  };
}

interface Entry {
  readonly time: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: NonNullable<Parameters<Log>[2]>;
}

function jsonLine({ time, level, message, fields }: Entry): string {
  return JSON.stringify({ time: time.toISOString(), level, message, ...fields });
}

function textLine({ time, level, message, fields }: Entry): string {
  const { text, ...named } = fields;
  const words = [time.toISOString(), level.padEnd(5), oneLine(message)];
  if (text !== undefined) words.push(oneLine(String(text)));
  for (const [name, value] of Object.entries(named)) {
    if (value !== undefined) words.push(`${name}=${quoted(oneLine(String(value)))}`);
  }
  return words.join(" ");
}

function quoted(text: string): string {
  return /[\s"=]/.test(text) || text === "" ? JSON.stringify(text) : text;
}
