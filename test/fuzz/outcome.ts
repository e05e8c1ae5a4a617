/** What a decoder may do with bytes that somebody else chose. */
import { LatticeError, type ErrorCode } from "../../packages/model/src/index.ts";

/** The result, or undefined where it threw an error with one of the codes. Anything else that is thrown is a fault. */
export function outcomeOf<T>(codes: readonly ErrorCode[], decode: () => T): T | undefined {
  try {
    return withoutHugeBuffers(decode);
  } catch (error) {
    if (error instanceof LatticeError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** The same of what answers later. */
export async function outcomeLater<T>(
  codes: readonly ErrorCode[],
  decode: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof LatticeError && codes.includes(error.code)) return undefined;
    throw error;
  }
}

/** No input of these tests is longer than 64 KiB, and no decoder needs more at once than some times its input. */
const BUFFER_BYTES_MAX = 2 << 20;

const plain = { Uint8Array, ArrayBuffer, Buffer };
const trapped = {
  Uint8Array: trap(Uint8Array),
  ArrayBuffer: trap(ArrayBuffer),
  Buffer: new Proxy(Buffer, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function" || !String(name).startsWith("alloc")) return value;
      return (length: unknown, ...more: unknown[]): unknown => {
        checkLength(length);
        return Reflect.apply(value, target, [length, ...more]);
      };
    },
  }),
};

/** Throws where `body` asks for a large buffer at once, as it would on the word of a length that is a lie. */
function withoutHugeBuffers<T>(body: () => T): T {
  Object.assign(globalThis, trapped);
  try {
    return body();
  } finally {
    Object.assign(globalThis, plain);
  }
}

function trap<Type extends typeof Uint8Array | typeof ArrayBuffer>(type: Type): Type {
  const proxy: Type = new Proxy(type, {
    construct(target, args: unknown[], newTarget): object {
      checkLength(args[0]);
      return Reflect.construct(target, args, newTarget === proxy ? target : newTarget) as object;
    },
  });
  return proxy;
}

function checkLength(length: unknown): void {
  if (typeof length === "number" && length > BUFFER_BYTES_MAX)
    throw new Error(`${length} bytes were asked for at once`);
}
