/**
 * The codes of a picture as grids that can be painted. A picture with one code a cell is one grid. With several, each
 * level is a grid of its own; of a two-level model, the lower level has four codes a cell and is twice as fine.
 */

/**
 * @typedef {object} Layer
 * @property {string} name
 * @property {number} codebook
 * @property {number} fineness Its cells in a cell of the picture, along a side.
 * @property {(cell: number, columns: number) => number} indexOf The place in the codes of one of its cells;
 *   `columns` are the picture's.
 */

/**
 * @param {import('../../types.js').Model} model
 * @returns {Layer[]}
 */
export function layersOf(model) {
  if (model.hasTop) {
    return [
      { name: model.codebookNames[0], codebook: 0, fineness: 1, indexOf: cell => cell * 5 },
      {
        name: model.codebookNames[1],
        codebook: 1,
        fineness: 2,
        indexOf: (cell, columns) => {
          const x = cell % (columns * 2);
          const y = Math.floor(cell / (columns * 2));
          return ((y >> 1) * columns + (x >> 1)) * 5 + 1 + (y % 2) * 2 + (x % 2);
        },
      },
    ];
  }
  return Array.from({ length: model.perCell }, (_, place) => ({
    name: model.codebooks > 1 ? model.codebookNames[model.codebookOf[place]] : `level ${place + 1}`,
    codebook: model.codebookOf[place],
    fineness: 1,
    indexOf: cell => cell * model.perCell + place,
  }));
}

/** @typedef {{ x: number, y: number, width: number, height: number }} Region In cells of a layer. */

/**
 * The cells of a region.
 * @param {Region} region
 * @param {number} columns Of the layer.
 */
export function cellsOf(region, columns) {
  const cells = [];
  for (let y = region.y; y < region.y + region.height; y++) {
    for (let x = region.x; x < region.x + region.width; x++) cells.push(y * columns + x);
  }
  return cells;
}

/** The region between two cells. @param {number} a @param {number} b @param {number} columns */
export function between(a, b, columns) {
  const [ax, ay, bx, by] = [a % columns, Math.floor(a / columns), b % columns, Math.floor(b / columns)];
  return { x: Math.min(ax, bx), y: Math.min(ay, by), width: Math.abs(ax - bx) + 1, height: Math.abs(ay - by) + 1 };
}
