import type { Finding } from "../doctor/finding.ts";
import type { Paint, Tone } from "./paint.ts";
import { alignRows } from "./table.ts";

const TONES: Readonly<Record<Finding["verdict"], Tone>> = {
  ok: "good",
  warning: "warning",
  problem: "error",
};

export function findingLines(findings: readonly Finding[], paint: Paint): string[] {
  const rows = alignRows(
    findings.map(({ verdict, check, text }) => [paint(TONES[verdict], verdict), check, text]),
  );
  return findings.flatMap(({ remedy }, index) => [
    rows[index]!,
    ...(remedy === "" ? [] : [`         → ${remedy}`]),
  ]);
}
