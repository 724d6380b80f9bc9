/**
 * A grid of many small cells on one canvas, for the codes of a picture as for an atlas of thousands. It is a grid for
 * screen readers and keyboards too: the one cell that has the focus is an element, and moves with the arrow keys.
 */
import { h, perFrame } from '../dom.js';
import { color, onTheme } from '../theme.js';

/**
 * @typedef {object} TileGridOptions
 * @property {string} label
 * @property {number} [columns] As many as given; else as many as fit, each at least `cell` wide.
 * @property {number} [cell] Pixels of the page. [28]
 * @property {boolean} [scrolls] Has its own scroll bar, and draws what is seen only.
 * @property {(context: CanvasRenderingContext2D, i: number, x: number, y: number, size: number) => void} [paint]
 * @property {(context: CanvasRenderingContext2D, width: number, height: number) => void} [below] Draws under the cells.
 * @property {(context: CanvasRenderingContext2D, size: number) => void} [above] Draws over the cells.
 * @property {(i: number) => string} describe What a screen reader says of a cell.
 * @property {(i: number, event: PointerEvent | KeyboardEvent) => void} [onDown] Pressed, or chosen by Enter or Space.
 * @property {(i: number, event: PointerEvent) => void} [onDrag] Reached while pressed.
 * @property {() => void} [onUp]
 * @property {(i: number) => void} [onHover] -1: left.
 * @property {(i: number, event: KeyboardEvent) => void} [onMove] Reached by the keyboard.
 * @property {() => void} [onLeave] The keyboard is elsewhere.
 */

/**
 * @param {TileGridOptions} options
 * @param {AbortSignal} signal
 */
export function tileGrid(options, signal) {
  const minimum = options.cell ?? 28;
  let count = 0;
  let columns = options.columns ?? 1;
  let size = minimum;
  let active = 0;
  let pressed = -1;
  let hovered = -1;
  /** @type {Set<number>} */
  let marked = new Set();

  const canvas = h('canvas', { 'aria-hidden': 'true' });
  const row = h('div', { role: 'row' });
  const grid = h('div', { role: 'grid', class: 'spacer', 'aria-label': options.label }, row);
  const element = h('div', { class: options.scrolls ? 'tiles scrolls' : 'tiles' }, grid);
  grid.prepend(h('div', { role: 'presentation', class: 'canvas-box' }, canvas));
  canvas.parentElement.style.height = '100%';
  row.style.position = 'absolute';
  row.style.inset = '0';
  row.style.pointerEvents = 'none';

  const rows = () => Math.max(1, Math.ceil(count / columns));
  const context = canvas.getContext('2d');

  const draw = perFrame(() => {
    const scale = devicePixelRatio;
    const width = columns * size;
    const height = options.scrolls ? Math.min(rows() * size, element.clientHeight) : rows() * size;
    const pixelWidth = Math.round(width * scale);
    const pixelHeight = Math.round(height * scale);
    if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
      canvas.width = pixelWidth;
      canvas.height = pixelHeight;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const top = options.scrolls ? element.scrollTop : 0;
    context.setTransform(scale, 0, 0, scale, 0, -top * scale);
    context.clearRect(0, top, width, height);
    context.imageSmoothingEnabled = false;
    const first = Math.floor(top / size) * columns;
    const last = Math.min(count, Math.ceil((top + height) / size) * columns);
    options.below?.(context, width, rows() * size);
    if (options.paint) {
      for (let i = first; i < last; i++) {
        options.paint(context, i, (i % columns) * size, Math.floor(i / columns) * size, size);
      }
    }
    options.above?.(context, size);
    const strong = color('--accent');
    const halo = color('--raised');
    for (const i of marked) if (i >= first && i < last) frame(i, strong, halo, 3);
    if (hovered >= first && hovered < last) frame(hovered, color('--text'), halo, 2);
  }, signal);

  const frame = (i, inner, outer, thickness) => {
    const x = (i % columns) * size;
    const y = Math.floor(i / columns) * size;
    const width = Math.min(thickness, size / 4);
    context.lineWidth = width;
    context.strokeStyle = inner;
    context.strokeRect(x + width / 2, y + width / 2, size - width, size - width);
    context.lineWidth = 1;
    context.strokeStyle = outer;
    context.strokeRect(x + width + 0.5, y + width + 0.5, size - 2 * width - 1, size - 2 * width - 1);
  };

  const measure = () => {
    const width = element.clientWidth;
    if (width === 0) return;
    columns = options.columns ?? Math.max(1, Math.floor(width / minimum));
    size = width / columns;
    grid.style.height = `${rows() * size}px`;
    grid.setAttribute('aria-rowcount', rows());
    grid.setAttribute('aria-colcount', columns);
    placeCell();
    draw();
  };

  /** The cell that the keyboard is at. A new element each time, so that screen readers read it. */
  const placeCell = () => {
    const old = row.firstElementChild;
    const hadFocus = old === document.activeElement;
    if (count === 0) return row.replaceChildren(h('div', { role: 'gridcell' }));
    active = Math.min(active, count - 1);
    const y = Math.floor(active / columns);
    const cell = h('div', {
      role: 'gridcell',
      class: 'cell',
      tabindex: 0,
      'aria-label': options.describe(active),
      'aria-rowindex': y + 1,
      'aria-colindex': (active % columns) + 1,
      'aria-selected': String(marked.has(active)),
      style: {
        width: `${size}px`,
        height: `${size}px`,
        transform: `translate(${(active % columns) * size}px, ${y * size}px)`,
      },
    });
    row.setAttribute('aria-rowindex', y + 1);
    row.replaceChildren(cell);
    if (hadFocus) cell.focus({ preventScroll: true });
    return undefined;
  };

  const moveTo = (i, event) => {
    active = Math.min(count - 1, Math.max(0, i));
    placeCell();
    if (options.scrolls) reveal(active);
    options.onMove?.(active, event);
    draw();
  };

  const reveal = i => {
    const y = Math.floor(i / columns) * size;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + size > element.scrollTop + element.clientHeight) element.scrollTop = y + size - element.clientHeight;
  };

  const keys = event => {
    const page = Math.max(1, Math.floor(element.clientHeight / size) - 1) * columns;
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -page,
      PageDown: page,
    };
    let next = active + (steps[event.key] ?? 0);
    if (event.key === 'Home') next = event.ctrlKey ? 0 : active - (active % columns);
    else if (event.key === 'End')
      next = event.ctrlKey ? count - 1 : Math.min(count, active - (active % columns) + columns) - 1;
    else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      options.onDown?.(active, event);
      options.onUp?.();
      return;
    } else if (!(event.key in steps)) return;
    event.preventDefault();
    if (next >= 0 && next < count) moveTo(next, event);
  };

  const at = event => {
    const box = grid.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left) / size);
    const y = Math.floor((event.clientY - box.top) / size);
    const i = y * columns + x;
    return x >= 0 && x < columns && y >= 0 && i < count ? i : -1;
  };

  const hover = i => {
    if (i === hovered) return;
    hovered = i;
    options.onHover?.(i);
    draw();
  };

  grid.addEventListener('keydown', keys);
  grid.addEventListener('focusout', event => {
    // The cell of the keyboard is replaced by another as it moves.
    if (event.relatedTarget && !grid.contains(/** @type {Node} */ (event.relatedTarget))) options.onLeave?.();
  });
  grid.addEventListener('pointerdown', event => {
    const i = at(event);
    if (i < 0 || event.button !== 0) return;
    active = i;
    placeCell();
    /** @type {any} */ (row.firstElementChild).focus({ preventScroll: true, focusVisible: false });
    if (options.onDrag) {
      event.preventDefault();
      grid.setPointerCapture(event.pointerId);
      pressed = i;
      options.onDown?.(i, event);
    }
  });
  // A grid that is scrolled by a finger takes the click, which does not follow a scroll.
  if (!options.onDrag)
    grid.addEventListener('click', event => {
      const i = at(event);
      if (i >= 0) options.onDown?.(i, /** @type {PointerEvent} */ (event));
    });
  grid.addEventListener('pointermove', event => {
    const i = at(event);
    hover(i);
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
  grid.addEventListener('pointerleave', () => hover(-1));
  if (options.scrolls) element.addEventListener('scroll', draw, { passive: true });

  const observer = new ResizeObserver(measure);
  observer.observe(element);
  signal.addEventListener('abort', () => observer.disconnect());
  onTheme(draw, signal);

  return {
    element,
    draw,
    /** @param {number} n How many cells. @param {number} [inRow] */
    resize(n, inRow) {
      count = n;
      if (inRow) options.columns = inRow;
      measure();
    },
    /** @param {Iterable<number>} cells Framed. */
    mark(cells) {
      marked = new Set(cells);
      placeCell();
      draw();
    },
    /** Moves the keyboard's place without a step of the user. @param {number} i */
    activate(i) {
      active = Math.max(0, i);
      placeCell();
      if (options.scrolls) reveal(active);
      draw();
    },
    /** What the screen reader says of cells has changed. */
    describeAgain: placeCell,
    focus: () => /** @type {HTMLElement} */ (row.firstElementChild)?.focus({ preventScroll: true }),
    get active() {
      return active;
    },
    get columns() {
      return columns;
    },
    /** Shows the frame of a cell that the pointer is at elsewhere. @param {number} i */
    hint(i) {
      hovered = i;
      draw();
    },
    scrollToTop() {
      element.scrollTop = 0;
    },
  };
}
