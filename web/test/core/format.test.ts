import { describe, expect, test } from "vitest";
import {
  digitsWithin,
  exactValue,
  formatNumber,
  formatShort,
  formatTime,
  formatValue,
  fullLabel,
  powerOfTen,
} from "../../src/core/format";
import { info, names, numbers } from "../helpers";

test.each([
  [0, "0"],
  [-0, "0"],
  [17, "17"],
  [12345, "12,345"],
  [2024, "2024"],
  [-2024.25, "−2024"],
  [9999.9, "10,000"],
  [-3, "−3"],
  [0.0421, "0.0421"],
  [12.1834, "12.18"],
  [0.1 + 0.2, "0.3"],
  [3.2e-7, "3.2×10⁻⁷"],
  [-6.02e23, "−6.02×10²³"],
  [5e-324, "4.941×10⁻³²⁴"],
  [NaN, "NaN"],
  [Infinity, "+∞"],
  [-Infinity, "−∞"],
])("%d reads %s", (value, text) => expect(formatNumber(value)).toBe(text));

test("a power of ten has a raised exponent", () => expect([powerOfTen(-5), powerOfTen(12)]).toEqual(["10⁻⁵", "10¹²"]));

test("a time says no more than it knows", () => {
  expect(formatTime(Date.UTC(2026, 10, 24))).toBe("2026-11-24");
  expect(formatTime(Date.UTC(2026, 10, 24, 8, 5, 12, 250))).toBe("2026-11-24 08:05:12.250");
  expect(formatTime(1e300)).toBe("1×10³⁰⁰");
});

test("a value reads as its column says", () => {
  expect(formatValue(info("x"), numbers([null]), 0)).toBe("");
  expect(formatValue(info("x", "category"), names(["</script>"]), 0)).toBe("</script>");
  const exact = BigInt64Array.of(9007199254740993n);
  const vector = { values: Float64Array.of(9007199254740992), valid: null, categories: null, exact };
  expect(formatValue(info("x"), vector, 0)).toBe("9,007,199,254,740,993");
});

test("a whole number keeps every digit, and the exact value is at hand", () => {
  const seeds = numbers([1_700_000_001, 1_700_000_002, 0.1 + 0.2, null, NaN, -0, 1e300]);
  expect([0, 1, 2, 5].map((row) => formatValue(info("x"), seeds, row))).toEqual([
    "1,700,000,001",
    "1,700,000,002",
    "0.3",
    "0",
  ]);
  expect([0, 2, 3, 4].map((row) => exactValue(info("x"), seeds, row))).toEqual([
    "1700000001",
    "0.30000000000000004",
    "",
    "NaN",
  ]);
  expect(exactValue(info("x", "category"), names(["</script>"]), 0)).toBe("</script>");
});

test("a unit follows the name", () => expect(fullLabel(info("mae", "number", { unit: "$1000" }))).toBe("mae ($1000)"));

describe("a number where there is hardly room", () => {
  test.each([
    [3400, "3.4k"],
    [12_000_000, "12M"],
    [-1536, "−1.54k"],
    [999_950, "1M"],
    [0.000012, "1.2e−5"],
    [-2.5e20, "−2.5e20"],
    [0.5, "0.5"],
    [0, "0"],
    [42, "42"],
    [NaN, "NaN"],
  ])("%d is %s", (value, text) => expect(formatShort(value)).toBe(text));
});

test("values that differ in their last digits only are told apart", () => {
  expect(digitsWithin(0, 1)).toBe(4);
  const digits = digitsWithin(1.000001, 1.000009);
  expect(formatNumber(1.000002, digits)).not.toBe(formatNumber(1.000003, digits));
  expect(formatNumber(1.000002, digits)).toBe("1.000002");
});
