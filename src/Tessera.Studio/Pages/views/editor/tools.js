/** What the pointer and the keys do to the cells of a layer. */
import { between, cellsOf } from './layers.js';

/** @typedef {'point' | 'brush' | 'fill' | 'select' | 'pick'} ToolName */
/** @typedef {import('./pane.js').Pane} Pane */

/** @type {{ name: ToolName, label: string, key: string, icon: any, what: string }[]} */
export const tools = [
  { name: 'point', label: 'Choose', key: 'V', icon: 'point', what: 'choose a cell, then a code for it' },
  { name: 'brush', label: 'Brush', key: 'B', icon: 'brush', what: 'paint with the brush’s code' },
  { name: 'fill', label: 'Fill', key: 'G', icon: 'fill', what: 'fill an area of one code' },
  { name: 'select', label: 'Select', key: 'S', icon: 'select', what: 'select a region, to fill or copy' },
  { name: 'pick', label: 'Pick', key: 'I', icon: 'pick', what: 'take a cell’s code for the brush' },
];

/**
 * A tool is pressed on a cell.
 * @param {ToolName} tool
 * @param {Pane} pane
 * @param {number} cell
 * @param {import('./state.js').EditorState} state
 * @param {boolean} isExtending With the Shift key.
 */
export function press(tool, pane, cell, state, isExtending) {
  if (tool === 'brush') {
    pane.document.begin();
    pane.set([cell], state.brush);
  } else if (tool === 'fill') {
    pane.set(area(pane, cell), state.brush);
  } else if (tool === 'pick') {
    state.setBrush(pane.codeAt(cell));
    state.setTool('brush');
  } else if (isExtending && pane.selection) {
    pane.select(between(pane.anchor, cell, pane.columns), pane.anchor);
  } else {
    pane.select(between(cell, cell, pane.columns), cell);
  }
}

/** It is drawn on to another cell. @param {ToolName} tool @param {Pane} pane @param {number} cell @param {any} state */
export function drag(tool, pane, cell, state) {
  if (tool === 'brush') pane.set([cell], state.brush);
  else if (tool === 'select' || tool === 'point') pane.select(between(pane.anchor, cell, pane.columns), pane.anchor);
}

/** The cells of one code that hang together. */
function area(pane, start) {
  const code = pane.codeAt(start);
  const found = new Set([start]);
  const open = [start];
  while (open.length > 0) {
    const cell = open.pop();
    const x = cell % pane.columns;
    const neighbours = [
      cell - pane.columns,
      cell + pane.columns,
      x > 0 ? cell - 1 : -1,
      x < pane.columns - 1 ? cell + 1 : -1,
    ];
    for (const next of neighbours) {
      if (next < 0 || next >= pane.columns * pane.rows || found.has(next) || pane.codeAt(next) !== code) continue;
      found.add(next);
      open.push(next);
    }
  }
  return [...found];
}

/**
 * A copy of the whole cells under a region: all their levels.
 * @param {Pane} pane
 * @returns {import('../../types.js').Tokens | null}
 */
export function copy(pane) {
  const region = pane.selection && wholeCells(pane.selection, pane.layer.fineness);
  if (!region) return null;
  const { document, perCell } = pane;
  const codes = cellsOf(region, document.columns).flatMap(cell =>
    document.codes.slice(cell * perCell, (cell + 1) * perCell),
  );
  return { rows: region.height, columns: region.width, codes };
}

/**
 * Puts a copy where the selection begins; what would stick out is left out.
 * @param {Pane} pane
 * @param {import('../../types.js').Tokens} clip
 */
export function paste(pane, clip) {
  const { document, perCell } = pane;
  const fineness = pane.layer.fineness;
  const at = wholeCells(pane.selection ?? { x: 0, y: 0, width: 1, height: 1 }, fineness);
  const changes = new Map();
  const height = Math.min(clip.rows, document.rows - at.y);
  const width = Math.min(clip.columns, document.columns - at.x);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let place = 0; place < perCell; place++) {
        const target = ((at.y + y) * document.columns + at.x + x) * perCell + place;
        changes.set(target, clip.codes[(y * clip.columns + x) * perCell + place]);
      }
    }
  }
  document.change(changes);
  const region = { x: at.x * fineness, y: at.y * fineness, width: width * fineness, height: height * fineness };
  pane.select(region, region.y * pane.columns + region.x);
}

/** The whole cells of a picture that a region of a finer layer touches. */
function wholeCells(region, fineness) {
  const x = Math.floor(region.x / fineness);
  const y = Math.floor(region.y / fineness);
  return {
    x,
    y,
    width: Math.ceil((region.x + region.width) / fineness) - x,
    height: Math.ceil((region.y + region.height) / fineness) - y,
  };
}
