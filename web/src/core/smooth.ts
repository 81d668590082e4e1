/**
 * The exponential moving average of a series, without the pull of its start: sₖ = Σ βᵏ⁻ⁱ yᵢ / Σ βᵏ⁻ⁱ over i ≤ k.
 *
 * @param keep β in [0, 1): how much of the last value the next one keeps; 0 gives the values back.
 */
export function smoothed(values: ArrayLike<number>, keep: number): Float64Array {
  const out = new Float64Array(values.length);
  let [sum, weight] = [0, 0];
  for (let i = 0; i < out.length; i++) {
    sum = keep * sum + values[i]!;
    weight = keep * weight + 1;
    out[i] = sum / weight;
  }
  return out;
}
