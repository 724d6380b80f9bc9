/** Mosaics: ornaments where there is no picture. The same text gives the same mosaic. */
import { h } from '../dom.js';
import { color, onTheme } from '../theme.js';

const stones = ['--accent-soft', '--accent', '--ochre', '--warm', '--warm-soft', '--ochre-soft', '--sunken', '--line'];

/**
 * @param {string} text
 * @param {number} columns
 * @param {number} rows
 * @param {AbortSignal} signal
 * @param {string} [name] Its class.
 */
export function mosaic(text, columns, rows, signal, name = 'thumb') {
  const size = 24;
  const canvas = h('canvas', { class: name, width: columns * size, height: rows * size, 'aria-hidden': 'true' });
  const context = canvas.getContext('2d');
  const draw = () => {
    const palette = stones.map(color);
    const random = randomOf(text);
    const [left, top, phase] = [random() * columns, rows * (1.1 + random()), Math.floor(random() * palette.length)];
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        // Arcs, as a mosaic's layers lie in a fan.
        const ring = Math.hypot(x - left, (y - top) * 1.2);
        const at = Math.floor(ring * 0.8 + random() * 1.1);
        context.fillStyle = palette[(at + phase) % palette.length];
        context.beginPath();
        const turn = 1 + random() * 2;
        context.roundRect(x * size + turn, y * size + turn, size - 3 - turn * 0.5, size - 3 - turn * 0.5, 3);
        context.fill();
      }
    }
  };
  draw();
  onTheme(draw, signal);
  return canvas;
}

function randomOf(text) {
  let state = 2166136261;
  for (const letter of text) state = Math.imul(state ^ letter.charCodeAt(0), 16777619);
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 4294967296;
  };
}
