import type { Command } from "./command.ts";

export const doctorCommand: Command = {
  path: ["node", "doctor"],
  json: {
    text: '{"findings": [{"check", "verdict", "text", "remedy"}, …]}, verdict being ok, warning or problem',
  },
  group: "node",
  summary: "Look for what is wrong on this machine, at its node and in its stores, and say what to do",
  async run(context) {
    const { examine } = await import("../doctor/examine.ts");
    const { findingLines } = await import("../print/findings.ts");
    const findings = await examine(context);
    const { output } = context;
    if (output.json) output.document({ findings: findings.map((each) => ({ ...each })) });
    else for (const line of findingLines(findings, output.paint)) output.line(line);
    const problemCount = findings.filter(({ verdict }) => verdict === "problem").length;
    if (problemCount === 0) return;
    const { LatticeError } = await import("@lattice/model");
    throw new LatticeError("failed-precondition", `${problemCount} problem(s) found; see above what to do`);
  },
};
