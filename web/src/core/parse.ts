const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([kKMGT]?)$/i;

/** The number that a person typed: −1.2e−5, 12,340, 3.4k, 10⁻³ as 1e-3; null where it is none. */
export function parseNumber(text: string): number | null {
  const plain = text
    .trim()
    .replace(/[−–]/g, "-")
    .replace(/[, _](?=\d{3}(\D|$))/g, "");
  const found = NUMBER.exec(plain);
  if (!found) return null;
  const factor = FACTORS[found[2]!] ?? NaN;
  // By way of the exponent, so that 1.1k is 1100 and not its neighbour.
  const value = factor === 1 ? Number(found[1]) : Number((Number(found[1]) * factor).toPrecision(15));
  return Number.isFinite(value) ? value : null;
}

/** The instant that a person typed, in milliseconds since 1970 UTC; null where it is none. */
export function parseTime(text: string): number | null {
  const plain = text.trim();
  if (!/^\d{4}/.test(plain)) return null;
  const zoned = /(z|[+-]\d\d:?\d\d)$/i.test(plain) || !/\d\d:\d\d/.test(plain);
  const value = Date.parse(zoned ? plain : `${plain.replace(" ", "T")}Z`);
  return Number.isNaN(value) ? null : value;
}
