import { expect, test } from "vitest";
import { parseNumber, parseTime } from "../../src/core/parse";

test.each([
  ["0.5", 0.5],
  [" −1.2e−5 ", -1.2e-5],
  ["12,340", 12340],
  ["1,234,567.5", 1234567.5],
  ["3.4k", 3400],
  ["1.1k", 1100],
  ["2M", 2e6],
  [".5", 0.5],
  ["1e400", null],
  ["", null],
  ["abc", null],
  ["1 2", null],
  ["0x10", null],
])("%j is %s", (text, value) => expect(parseNumber(text)).toBe(value));

test.each([
  ["2026-11-24", Date.UTC(2026, 10, 24)],
  ["2026-11-24 08:05", Date.UTC(2026, 10, 24, 8, 5)],
  ["2026-11-24T08:05:00Z", Date.UTC(2026, 10, 24, 8, 5)],
  ["tomorrow", null],
  ["", null],
])("%j is the instant %s", (text, value) => expect(parseTime(text)).toBe(value));
