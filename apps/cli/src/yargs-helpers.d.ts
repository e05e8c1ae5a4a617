/** yargs ships no types; this is what we use of them. */
declare module "yargs/helpers" {
  interface DetailedArguments {
    readonly argv: { readonly [name: string]: unknown };
    readonly error: Error | null;
  }
  export const Parser: {
    detailed(
      words: readonly string[],
      options: {
        readonly boolean: readonly string[];
        readonly string: readonly string[];
        readonly configuration: Readonly<Record<string, boolean>>;
      },
    ): DetailedArguments;
  };
}
