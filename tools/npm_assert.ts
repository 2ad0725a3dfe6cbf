/**
 * The part of `@std/assert` that the tests use, over `node:assert`, for
 * networks from which JSR cannot be reached.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";

/** Throws unless the value is truthy. */
export function assert(value: unknown, message = ""): asserts value {
  nodeAssert.ok(value, message || "expected a truthy value");
}

/** Throws unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string) {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

/** Throws unless the text matches. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
) {
  nodeAssert.match(actual, expected, message);
}

/** Throws unless the value is an instance of the class. */
export function assertInstanceOf<
  // deno-lint-ignore no-explicit-any -- any class
  T extends abstract new (...args: any[]) => any,
>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is InstanceType<T> {
  nodeAssert.ok(
    actual instanceof expected,
    message ?? `expected an instance of ${expected.name}`,
  );
}

/** Throws unless the function throws such an error, and returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  // deno-lint-ignore no-explicit-any -- any class
  errorClass: abstract new (...args: any[]) => E,
  messageIncludes = "",
): E {
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
  }
  return checked(thrown, errorClass, messageIncludes);
}

/** Throws unless the promise rejects with such an error, and resolves to it. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  // deno-lint-ignore no-explicit-any -- any class
  errorClass: abstract new (...args: any[]) => E,
  messageIncludes = "",
): Promise<E> {
  let thrown: unknown;
  try {
    await fn();
  } catch (error) {
    thrown = error;
  }
  return checked(thrown, errorClass, messageIncludes);
}

function checked<E extends Error>(
  thrown: unknown,
  // deno-lint-ignore no-explicit-any -- any class
  errorClass: abstract new (...args: any[]) => E,
  messageIncludes: string,
): E {
  if (!(thrown instanceof errorClass)) {
    throw new nodeAssert.AssertionError({
      message: `expected ${errorClass.name}, received ${thrown}`,
    });
  }
  nodeAssert.ok(
    thrown.message.includes(messageIncludes),
    `expected ${JSON.stringify(thrown.message)} to include ${
      JSON.stringify(messageIncludes)
    }`,
  );
  return thrown;
}
