import { expect, test } from "vitest";
import type { ColumnInfo } from "../../src/core/column";
import { Folds, within } from "../../src/core/folds";
import { info } from "../helpers";

const column = (group: string, share = "norm"): ColumnInfo => ({
  ...info(`${group}:${share}`, "number"),
  group,
  share,
});
const folded = (path: string, share = "norm"): ColumnInfo[] => [
  { ...column(path, share), name: `${path}.*`, fold: { path, low: `${path}.low`, high: `${path}.high` } },
  { ...column(path, ""), name: `${path}.low` },
  { ...column(path, ""), name: `${path}.high` },
];
const folds = new Folds([
  column("", ""),
  column("head"),
  ...folded("h"),
  ...folded("h.1"),
  column("h.1.mlp"),
  column("h.1.attn"),
  ...folded("h.0"),
  column("h.0.mlp"),
  column("h.0.attn"),
  column("hat"),
  column("h.0.mlp", "ratio"),
]);
const blocks = ["head:norm", "h.1.*", "h.0.*", "hat:norm"];

test("groups nest by their paths, and a name that only begins alike is no member", () => {
  expect(folds.parents("h.0.mlp:norm")).toEqual(["h.0.*", "h.*"]);
  expect(folds.parent("hat:norm")).toBeNull();
  expect(folds.parent("h.0.mlp:ratio")).toBeNull();
  expect(folds.children("h.*")).toEqual(["h.1.*", "h.0.*"]);
  expect(folds.size("h.*")).toBe(4);
  expect([...folds.auxiliary].sort()).toEqual(["h.0.high", "h.0.low", "h.1.high", "h.1.low", "h.high", "h.low"]);
});

test("unfolding gives one level back, folding takes every level in, where the first stood", () => {
  expect(folds.unfold(["head:norm", "h.*", "hat:norm"], "h.*")).toEqual(blocks);
  const open = folds.unfold(blocks, "h.1.*");
  expect(open).toEqual(["head:norm", "h.1.mlp:norm", "h.1.attn:norm", "h.0.*", "hat:norm"]);
  expect(folds.fold(open, "h.*")).toEqual(["head:norm", "h.*", "hat:norm"]);
  expect(folds.fold(open, "h.1.*")).toEqual(blocks);
  expect(folds.fold(["head:norm"], "h.*")).toEqual(["head:norm"]);
});

test.each([
  ["transformer.h.3.mlp", "transformer.h.3", "mlp"],
  ["transformer.h.3", "transformer.h", "h.3"],
  ["h.3", "h", "h.3"],
  ["hat", "h", "hat"],
  ["net/a", "net", "a"],
])("%s within %s is %s", (label, group, rest) => expect(within(label, group)).toBe(rest));
