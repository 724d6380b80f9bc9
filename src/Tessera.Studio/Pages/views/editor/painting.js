/** How a pane draws its cells. */
import { heatColor } from '../../components/heat.js';
import { color } from '../../theme.js';

/** @typedef {import('./layers.js').Region} Region */

/**
 * A cell's code, as its tile of the atlas or as the nats that it costs.
 * @param {import('./pane.js').Pane} pane
 * @param {CanvasRenderingContext2D} context
 * @param {number} cell
 * @param {number} x
 * @param {number} y
 * @param {number} size The cell's side, in pixels of the canvas.
 */
export function paintCode(pane, context, cell, x, y, size) {
  const gap = size > 12 ? 1 : 0;
  const code = pane.codeAt(cell);
  if (pane.state.isShowingNats && pane.nats) {
    context.fillStyle = heatColor(pane.nats[pane.placeOf(cell)] / 10);
    context.fillRect(x + gap / 2, y + gap / 2, size - gap, size - gap);
  } else {
    pane.state.atlas.paint(context, pane.state.numberOf(code), x + gap / 2, y + gap / 2, size - gap);
  }
  if (size < 40) return;
  context.font = '11px system-ui';
  const width = context.measureText(String(code)).width + 6;
  context.fillStyle = 'rgb(0 0 0 / .55)';
  context.fillRect(x + gap / 2, y + size - gap / 2 - 15, width, 15);
  context.fillStyle = '#fff';
  context.fillText(String(code), x + 3 + gap / 2, y + size - 4);
}

/**
 * The frame of what is selected.
 * @param {Region | null} region
 * @param {CanvasRenderingContext2D} context
 * @param {number} size The side of a cell.
 */
export function paintSelection(region, context, size) {
  if (!region) return;
  const box = [region.x * size, region.y * size, region.width * size, region.height * size];
  context.lineWidth = 4;
  context.strokeStyle = color('--raised');
  context.strokeRect(...box);
  context.lineWidth = 2;
  context.strokeStyle = color('--accent');
  context.strokeRect(...box);
}
