/** Where the lines of a logarithmic axis are. */

/** By how many powers of ten an axis spans, the digits that have a line. */
const digits = [
  { most: 1.2, digits: [1, 1.5, 2, 3, 4, 5, 6, 8] },
  { most: 3.5, digits: [1, 2, 5] },
  { most: Infinity, digits: [1] },
];

/**
 * uPlot's own lines want bounds that are round, and never end where they are not.
 * @param {number} low Over 0.
 * @param {number} high
 * @returns {number[]} Ascending.
 */
export function logTicks(low, high) {
  if (!(low > 0) || !(high > low) || !Number.isFinite(high)) return [];
  const span = Math.log10(high / low);
  const steps = digits.find(item => span <= item.most).digits;
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const digit of steps) {
      const tick = Number((digit * 10 ** power).toPrecision(2));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  if (ticks.length >= 3) return ticks;
  // Too narrow for digits: quarters, rounded.
  const quarters = [0, 1, 2, 3, 4].map(i => Number((low + ((high - low) * i) / 4).toPrecision(2)));
  return [...new Set(quarters)].filter(tick => tick >= low && tick <= high);
}
