/** Draws the cells of a grid, of one that scrolls those that are seen. */
import { color } from '../theme.js';

/** @typedef {import('./tile-grid.js').TileGrid} TileGrid */

/** @param {TileGrid} grid */
export function drawTiles(grid) {
  const { context, options, size, columns, rows } = grid;
  const { top, height } = prepare(grid);
  const first = Math.floor(top / size) * columns;
  const end = Math.min(grid.count, Math.ceil((top + height) / size) * columns);
  options.below?.(context, columns * size, rows * size);
  if (options.paint) {
    for (let i = first; i < end; i++) {
      const { x, y } = grid.placeOf(i);
      options.paint(context, i, x, y, size);
    }
  }
  options.above?.(context, size);
  const isSeen = i => i >= first && i < end;
  const halo = color('--raised');
  const accent = color('--accent');
  for (const i of grid.marked) if (isSeen(i)) frame(grid, i, accent, halo, 3);
  if (isSeen(grid.hovered)) frame(grid, grid.hovered, color('--text'), halo, 2);
}

/** Gives the canvas the size that is seen, and clears it. @param {TileGrid} grid */
function prepare({ canvas, context, element, options, size, columns, rows }) {
  const scale = devicePixelRatio;
  const width = columns * size;
  const height = options.scrolls ? Math.min(rows * size, element.clientHeight) : rows * size;
  const top = options.scrolls ? element.scrollTop : 0;
  const pixelWidth = Math.round(width * scale);
  const pixelHeight = Math.round(height * scale);
  if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
    canvas.width = pixelWidth;
    canvas.height = pixelHeight;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  context.setTransform(scale, 0, 0, scale, 0, -top * scale);
  context.clearRect(0, top, width, height);
  context.imageSmoothingEnabled = false;
  return { top, height };
}

/** A frame of two colours, to be seen on any cell. */
function frame(grid, i, inner, outer, thickness) {
  const { context, size } = grid;
  const { x, y } = grid.placeOf(i);
  const width = Math.min(thickness, size / 4);
  context.lineWidth = width;
  context.strokeStyle = inner;
  context.strokeRect(x + width / 2, y + width / 2, size - width, size - width);
  context.lineWidth = 1;
  context.strokeStyle = outer;
  context.strokeRect(x + width + 0.5, y + width + 0.5, size - 2 * width - 1, size - 2 * width - 1);
}
