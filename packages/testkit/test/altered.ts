/** An object with some of its members replaced, for suites to find what is wrong with it. */
export function altered<T extends object>(original: T, changes: Partial<T>): T {
  return new Proxy(original, {
    get(target, key) {
      const found: unknown = Reflect.get(key in changes ? changes : target, key);
      return typeof found === "function" ? (found.bind(target) as unknown) : found;
    },
  });
}
