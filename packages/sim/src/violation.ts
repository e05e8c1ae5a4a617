/** Something that must never be: what a simulation looks for. */
export class Violation extends Error {
  override readonly name = "Violation";
  /** Which rule, in one or two words; the same fault found with another seed has the same. */
  readonly check: string;

  constructor(check: string, message: string) {
    super(`${check}: ${message}`);
    this.check = check;
  }
}
