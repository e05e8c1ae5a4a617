/** What a node did that it must not do, whenever it is killed. */
export class CrashFault extends Error {
  override readonly name = "CrashFault";
  /** What was expected and what was found, a line each. */
  readonly findings: readonly string[];

  constructor(message: string, findings: readonly string[] = []) {
    super(message);
    this.findings = findings;
  }
}

const FINDINGS_MAX = 20;

/** Throws where there is something to tell. */
export function expectNone(message: string, findings: readonly string[]): void {
  if (findings.length === 0) return;
  const shown = findings.slice(0, FINDINGS_MAX);
  const more = findings.length - shown.length;
  throw new CrashFault(message, more === 0 ? shown : [...shown, `and ${more} more`]);
}
