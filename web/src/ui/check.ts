/** Reads a value that came from outside as what it ought to be; undefined where it is something else. */
export type Check<T> = (value: unknown) => T | undefined;

export const text: Check<string> = (value) => (typeof value === "string" ? value : undefined);
export const number: Check<number> = (value) =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
export const truth: Check<boolean> = (value) => (typeof value === "boolean" ? value : undefined);

/** One of some words. */
export function oneOf<T extends string>(words: readonly T[]): Check<T> {
  return (value) => words.find((word) => word === value);
}

/** Null, or what the check lets pass. */
export function maybe<T>(check: Check<T>): Check<T | null> {
  return (value) => (value === null ? null : check(value));
}

/** The first of two that lets it pass. */
export function either<A, B>(first: Check<A>, second: Check<B>): Check<A | B> {
  return (value) => first(value) ?? second(value);
}

/** A list; items that do not pass are left out. */
export function list<T>(check: Check<T>): Check<T[]> {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    return value.flatMap((each) => {
      const passed = check(each);
      return passed === undefined ? [] : [passed];
    });
  };
}

/** Two numbers, the lower first. */
export const range: Check<readonly [number, number]> = (value) => {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [low, high] = value.map(number);
  return low === undefined || high === undefined || low > high ? undefined : [low, high];
};

/** Values by name; those that do not pass are left out. */
export function byName<T>(check: Check<T>, known: (name: string) => boolean = () => true): Check<Record<string, T>> {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, each]): [string, T][] => {
        const passed = known(name) ? check(each) : undefined;
        return passed === undefined ? [] : [[name, passed]];
      }),
    );
  };
}

/** A record of a known shape; fields that are missing or do not pass are as in `example`. */
export function shaped<T extends object>(checks: { readonly [K in keyof T]: Check<T[K]> }, example: T): Check<T> {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const found: Partial<T> = {};
    for (const key of Object.keys(checks) as (keyof T)[])
      found[key] = checks[key]((value as Partial<Record<keyof T, unknown>>)[key]) ?? example[key];
    return found as T;
  };
}
