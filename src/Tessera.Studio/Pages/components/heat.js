/** The colours of heat maps: from dark over violet and orange to pale yellow, even in lightness. */
import { h } from '../dom.js';

const stops = [
  [16, 12, 40],
  [66, 20, 104],
  [130, 38, 108],
  [190, 56, 84],
  [232, 96, 50],
  [250, 156, 40],
  [250, 236, 160],
];

/**
 * @param {number} value 0 to 1; beyond, the nearest of the two.
 * @returns {[number, number, number]} Red, green, blue.
 */
export function heat(value) {
  const at = Math.min(1, Math.max(0, value)) * (stops.length - 1);
  const low = Math.min(stops.length - 2, Math.floor(at));
  const part = at - low;
  return /** @type {any} */ (stops[low].map((from, i) => Math.round(from + (stops[low + 1][i] - from) * part)));
}

/** @param {number} value @param {number} [alpha] */
export const heatColor = (value, alpha = 1) => `rgb(${heat(value).join(' ')} / ${alpha})`;

/**
 * A legend of the colours.
 * @param {string} low
 * @param {string} high
 */
export function ramp(low, high) {
  const canvas = h('canvas', { width: 120, height: 1, 'aria-hidden': 'true' });
  const context = canvas.getContext('2d');
  for (let x = 0; x < 120; x++) {
    context.fillStyle = heatColor(x / 119);
    context.fillRect(x, 0, 1, 1);
  }
  return h('span', { class: 'ramp' }, low, canvas, high);
}
