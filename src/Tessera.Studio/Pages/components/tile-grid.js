/**
 * A grid of many small cells on one canvas, for the codes of a picture as for an atlas of thousands. It is a grid for
 * screen readers and keyboards too: the one cell that has the focus is an element, and moves with the arrow keys.
 */
import { h, perFrame } from '../dom.js';
import { onTheme } from '../theme.js';
import { drawTiles } from './tile-grid-canvas.js';
import { followKeys, followPointer } from './tile-grid-input.js';

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

export class TileGrid {
  /**
   * @param {TileGridOptions} options
   * @param {AbortSignal} signal
   */
  constructor(options, signal) {
    this.options = options;
    this.fixedColumns = options.columns;
    this.minimum = options.cell ?? 28;
    this.count = 0;
    this.columns = options.columns ?? 1;
    /** The side of a cell. */
    this.size = this.minimum;
    /** The cell that the keyboard is at. */
    this.active = 0;
    /** The cell that the pointer is at, here or elsewhere; -1: none. */
    this.hovered = -1;
    /** @type {Set<number>} The cells that are framed. */
    this.marked = new Set();
    this.build();
    /** Draws everything, at the next frame. */
    this.draw = perFrame(() => drawTiles(this), signal);
    followKeys(this);
    followPointer(this);
    this.followSize(signal);
    onTheme(this.draw, signal);
  }

  build() {
    const { label, scrolls } = this.options;
    this.canvas = h('canvas', { 'aria-hidden': 'true' });
    this.context = this.canvas.getContext('2d');
    this.row = h('div', { role: 'row', style: { position: 'absolute', inset: '0', 'pointer-events': 'none' } });
    this.grid = h(
      'div',
      { role: 'grid', class: 'spacer', 'aria-label': label },
      h('div', { role: 'presentation', class: 'canvas-box', style: { height: '100%' } }, this.canvas),
      this.row,
    );
    this.element = h('div', { class: scrolls ? 'tiles scrolls' : 'tiles' }, this.grid);
  }

  /** @param {AbortSignal} signal */
  followSize(signal) {
    const observer = new ResizeObserver(() => this.measure());
    observer.observe(this.element);
    signal.addEventListener('abort', () => observer.disconnect());
    if (this.options.scrolls) this.element.addEventListener('scroll', this.draw, { passive: true });
  }

  get rows() {
    return Math.max(1, Math.ceil(this.count / this.columns));
  }

  /** Where a cell lies, in pixels of the page. @param {number} i */
  placeOf(i) {
    return { x: (i % this.columns) * this.size, y: Math.floor(i / this.columns) * this.size };
  }

  /** Takes the columns and the size of a cell from the width that there is. */
  measure() {
    const width = this.element.clientWidth;
    if (width === 0) return;
    this.columns = this.fixedColumns ?? Math.max(1, Math.floor(width / this.minimum));
    this.size = width / this.columns;
    this.grid.style.height = `${this.rows * this.size}px`;
    this.grid.setAttribute('aria-rowcount', this.rows);
    this.grid.setAttribute('aria-colcount', this.columns);
    this.describeAgain();
    this.draw();
  }

  /** What a screen reader says of the cell that the keyboard is at: a new element each time, so that it is read. */
  describeAgain() {
    const hadFocus = this.row.firstElementChild === document.activeElement;
    if (this.count === 0) return this.row.replaceChildren(h('div', { role: 'gridcell' }));
    this.active = Math.min(this.active, this.count - 1);
    const cell = this.cell(this.active);
    this.row.setAttribute('aria-rowindex', cell.getAttribute('aria-rowindex'));
    this.row.replaceChildren(cell);
    if (hadFocus) cell.focus({ preventScroll: true });
    return undefined;
  }

  /** @param {number} i */
  cell(i) {
    const { x, y } = this.placeOf(i);
    return h('div', {
      role: 'gridcell',
      class: 'cell',
      tabindex: 0,
      'aria-label': this.options.describe(i),
      'aria-rowindex': Math.floor(i / this.columns) + 1,
      'aria-colindex': (i % this.columns) + 1,
      'aria-selected': String(this.marked.has(i)),
      style: { width: `${this.size}px`, height: `${this.size}px`, transform: `translate(${x}px, ${y}px)` },
    });
  }

  /** @param {number} n How many cells. @param {number} [inRow] */
  resize(n, inRow) {
    this.count = n;
    if (inRow) this.fixedColumns = inRow;
    this.measure();
  }

  /** @param {Iterable<number>} cells Framed. */
  mark(cells) {
    this.marked = new Set(cells);
    this.describeAgain();
    this.draw();
  }

  /** Moves the keyboard's place without a step of the user. @param {number} i */
  activate(i) {
    this.active = Math.max(0, i);
    this.describeAgain();
    if (this.options.scrolls) this.reveal(this.active);
    this.draw();
  }

  /** Scrolls to a cell. @param {number} i */
  reveal(i) {
    const { element, size } = this;
    const { y } = this.placeOf(i);
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + size > element.scrollTop + element.clientHeight) element.scrollTop = y + size - element.clientHeight;
  }

  /** Shows the frame of a cell that the pointer is at elsewhere. @param {number} i */
  hint(i) {
    this.hovered = i;
    this.draw();
  }

  /** @param {FocusOptions & { focusVisible?: boolean }} [how] */
  focus(how = {}) {
    this.row.firstElementChild?.focus({ preventScroll: true, ...how });
  }

  scrollToTop() {
    this.element.scrollTop = 0;
  }
}
