/** The keyboard and the pointer on a grid of cells. */

/** @typedef {import('./tile-grid.js').TileGrid} TileGrid */

/** @param {TileGrid} tiles */
export function followKeys(tiles) {
  const { grid, options } = tiles;
  grid.addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      options.onDown?.(tiles.active, event);
      options.onUp?.();
      return;
    }
    const next = target(tiles, event);
    if (next === null) return;
    event.preventDefault();
    if (next >= 0 && next < tiles.count) moveTo(tiles, next, event);
  });
  grid.addEventListener('focusout', event => {
    // The cell of the keyboard is replaced by another as it moves.
    if (event.relatedTarget && !grid.contains(/** @type {Node} */ (event.relatedTarget))) options.onLeave?.();
  });
}

/** The cell that a key leads to, which may be outside; null: the key leads nowhere. */
function target({ active, columns, count, element, size }, { key, ctrlKey }) {
  const start = active - (active % columns);
  if (key === 'Home') return ctrlKey ? 0 : start;
  if (key === 'End') return ctrlKey ? count - 1 : Math.min(count, start + columns) - 1;
  const page = Math.max(1, Math.floor(element.clientHeight / size) - 1) * columns;
  const steps = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -page,
    PageDown: page,
  };
  return key in steps ? active + steps[key] : null;
}

function moveTo(tiles, i, event) {
  tiles.activate(i);
  tiles.options.onMove?.(i, event);
}

/** @param {TileGrid} tiles */
export function followPointer(tiles) {
  const { grid, options } = tiles;
  grid.addEventListener('pointermove', event => hover(tiles, cellAt(tiles, event)));
  grid.addEventListener('pointerleave', () => hover(tiles, -1));
  grid.addEventListener('pointerdown', event => {
    const i = cellAt(tiles, event);
    if (i < 0 || event.button !== 0) return;
    tiles.active = i;
    tiles.describeAgain();
    tiles.focus({ focusVisible: false });
  });
  if (options.onDrag) followStrokes(tiles);
  // A grid that is scrolled by a finger takes the click, which does not follow a scroll.
  else
    grid.addEventListener('click', event => {
      const i = cellAt(tiles, event);
      if (i >= 0) options.onDown?.(i, /** @type {PointerEvent} */ (event));
    });
}

/** From the press of a cell over those that the pointer reaches to its release. */
function followStrokes(tiles) {
  const { grid, options } = tiles;
  let pressed = -1;
  grid.addEventListener('pointerdown', event => {
    const i = cellAt(tiles, event);
    if (i < 0 || event.button !== 0) return;
    event.preventDefault();
    grid.setPointerCapture(event.pointerId);
    pressed = i;
    options.onDown?.(i, event);
  });
  grid.addEventListener('pointermove', event => {
    const i = cellAt(tiles, event);
    if (pressed < 0 || i < 0 || i === pressed) return;
    pressed = i;
    options.onDrag?.(i, event);
  });
  const release = () => {
    if (pressed >= 0) options.onUp?.();
    pressed = -1;
  };
  grid.addEventListener('pointerup', release);
  grid.addEventListener('pointercancel', release);
}

function hover(tiles, i) {
  if (i === tiles.hovered) return;
  tiles.hint(i);
  tiles.options.onHover?.(i);
}

/** The cell under the pointer; -1: none. */
function cellAt({ grid, size, columns, count }, event) {
  const box = grid.getBoundingClientRect();
  const x = Math.floor((event.clientX - box.left) / size);
  const y = Math.floor((event.clientY - box.top) / size);
  const i = y * columns + x;
  return x >= 0 && x < columns && y >= 0 && i < count ? i : -1;
}
