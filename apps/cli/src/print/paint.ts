/**
 * Colours, by what a text is: nobody else names one. They are for terminals; in a pipe and in a file everything is plain.
 */
import type { Environment } from "../world.ts";

export type Tone =
  | "title"
  | "id"
  | "faint"
  | "error"
  | "warning"
  | "good"
  | "prompt"
  | "shown"
  | "code"
  | Lane;
type Lane = `lane${0 | 1 | 2 | 3 | 4 | 5}`;

export type Paint = (tone: Tone, text: string) => string;

export const COLOR_CHOICES = ["auto", "always", "never"] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];

const CODES: Readonly<Record<Tone, string>> = {
  title: "1",
  id: "33",
  faint: "2",
  error: "1;31",
  warning: "33",
  good: "32",
  prompt: "1;36",
  shown: "1",
  code: "97;40",
  lane0: "32",
  lane1: "35",
  lane2: "36",
  lane3: "34",
  lane4: "31",
  lane5: "33",
};
const LANE_COUNT = 6;

export const plainPaint: Paint = (_tone, text) => text;

const colourPaint: Paint = (tone, text) => (text === "" ? "" : `\u001b[${CODES[tone]}m${text}\u001b[0m`);

/** https://no-color.org, and FORCE_COLOR as Node and most tools for it understand it; `--color` above both. */
export function paintFor(
  choice: ColorChoice,
  { isTerminal, env }: { isTerminal: boolean; env: Environment },
): Paint {
  return isColoured(choice, isTerminal, env) ? colourPaint : plainPaint;
}

function isColoured(choice: ColorChoice, isTerminal: boolean, env: Environment): boolean {
  if (choice !== "auto") return choice === "always";
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return isTerminal && env["TERM"] !== "dumb";
}

/** A line of a drawing whose lanes stand two columns apart, each in a colour of its own. */
export function paintLanes(paint: Paint, line: string): string {
  return [...line]
    .map((character, at) => {
      const lane: Lane = `lane${(Math.floor(at / 2) % LANE_COUNT) as 0 | 1 | 2 | 3 | 4 | 5}`;
      return character === " " ? character : paint(lane, character);
    })
    .join("");
}

/** What `paint` adds takes no room. */
export function unpainted(text: string): string {
  return text.replaceAll(/\u001b\[[0-9;]*m/g, "");
}
