/** A picture beside its grid of codes. Both can be painted on. */
import { ask, dataUrl, runPath } from '../../api.js';
import { button } from '../../components/button.js';
import { TileGrid } from '../../components/tile-grid.js';
import { problem } from '../../components/toast.js';
import { debounce, fill, h } from '../../dom.js';
import { significant } from '../../format.js';
import { newestDecoder } from './decoder.js';
import { between, cellsOf } from './layers.js';
import { paintCode, paintSelection } from './painting.js';
import { drag, press } from './tools.js';

/** @typedef {import('./layers.js').Region} Region */
/** @typedef {import('./document.js').TokenDocument} TokenDocument */

export class Pane {
  /**
   * @param {string} title
   * @param {import('./state.js').EditorState} state
   * @param {AbortSignal} signal
   * @param {{ onReplace: () => void, onFile: (file: File) => void, onClose?: () => void }} actions
   */
  constructor(title, state, signal, actions) {
    this.title = title;
    this.state = state;
    this.signal = signal;
    this.perCell = state.model.perCell;
    /** @type {TokenDocument | null} */
    this.document = null;
    /** @type {Region | null} */
    this.selection = null;
    this.anchor = 0;
    this.milliseconds = 0;
    /** @type {number[] | null} */
    this.nats = null;
    this.isComparing = false;

    this.screen = h('canvas');
    this.decode = newestDecoder(
      state.model.id,
      (pixels, milliseconds) => this.showPixels(pixels, milliseconds),
      problem,
      signal,
    );
    this.askNats = debounce(() => this.fetchNats(), 120);
    this.picture = this.grid('picture');
    this.codes = this.grid('codes');
    this.build(actions);
    state.on(['layer'], () => this.layerChanged(), signal);
    state.on(['nats'], () => this.natsChanged(), signal);
    state.on(['selection'], () => this.element.classList.toggle('active', state.active === this), signal);
  }

  get layer() {
    return this.state.layer;
  }

  get columns() {
    return this.document.columns * this.layer.fineness;
  }

  get rows() {
    return this.document.rows * this.layer.fineness;
  }

  /** The code of a cell of the layer. @param {number} cell */
  codeAt(cell) {
    return this.document.codes[this.placeOf(cell)];
  }

  /** Its place in the codes. @param {number} cell */
  placeOf(cell) {
    return this.layer.indexOf(cell, this.document.columns);
  }

  /** Gives cells a code. @param {number[]} cells @param {number} code */
  set(cells, code) {
    this.document.change(new Map(cells.map(cell => [this.placeOf(cell), code])));
  }

  /** The cells that are selected. */
  get selectedCells() {
    return this.selection ? cellsOf(this.selection, this.columns) : [];
  }

  /** @param {Region | null} region @param {number} [anchor] */
  select(region, anchor = 0) {
    this.selection = region;
    this.anchor = anchor;
    this.state.setActive(this);
    this.draw();
  }

  /** Shows a picture. @param {TokenDocument} document */
  open(document) {
    this.document = document;
    this.selection = null;
    this.nats = null;
    this.isComparing = false;
    document.onChange = () => this.changed();
    fill(this.name, `${this.title}: ${document.about.name}`);
    this.original.hidden = !document.about.original;
    this.original.setAttribute('aria-pressed', 'false');
    if (document.about.original) {
      this.originalImage.src = dataUrl(document.about.original);
      this.originalImage.decode().catch(() => {});
    }
    this.layerChanged();
    this.changed();
  }

  /** Shows what codes would decode to; null ends it. @param {import('./document.js').Changes | null} changes */
  preview(changes) {
    this.decode({
      rows: this.document.rows,
      columns: this.document.columns,
      codes: changes ? this.document.with(changes) : this.document.codes,
    });
  }

  natsChanged() {
    if (!this.document) return;
    if (this.state.isShowingNats) this.askNats();
    this.draw();
  }

  /** Whether the prior can say something of this picture: it knows one size. */
  get fitsPrior() {
    const { prior } = this.state.model;
    return Boolean(prior) && this.document.rows === prior.rows && this.document.columns === prior.columns;
  }

  draw() {
    this.picture.draw();
    this.codes.draw();
  }

  changed() {
    this.preview(null);
    this.nats = null;
    if (this.state.isShowingNats) this.askNats();
    this.codes.describeAgain();
    this.picture.describeAgain();
    this.draw();
    this.state.tell('document');
  }

  layerChanged() {
    if (!this.document) return;
    this.selection = null;
    this.picture.resize(this.rows * this.columns, this.columns);
    this.codes.resize(this.rows * this.columns, this.columns);
  }

  showPixels(pixels, milliseconds) {
    this.milliseconds = milliseconds;
    this.screen.width = pixels.width;
    this.screen.height = pixels.height;
    this.screen.getContext('2d').putImageData(pixels, 0, 0);
    this.picture.draw();
    this.showStatus(-1);
  }

  async fetchNats() {
    if (this.signal.aborted || !this.fitsPrior) return;
    const { document } = this;
    const codes = [...document.codes];
    try {
      const json = { codes, class: null };
      const answer = await ask(runPath(this.state.model.id, 'nats'), { json, signal: this.signal });
      // It may have been painted on, or replaced, meanwhile: then the next answer counts.
      if (document !== this.document || codes.some((code, i) => code !== document.codes[i])) return;
      this.nats = answer.nats;
      this.draw();
    } catch (error) {
      problem(error);
    }
  }

  grid(kind) {
    const isPicture = kind === 'picture';
    const grid = new TileGrid(
      {
        label: isPicture ? `Picture ${this.title}, as cells` : `Codes of picture ${this.title}`,
        columns: 1,
        below: isPicture ? (context, width, height) => this.paintPicture(context, width, height) : undefined,
        paint: isPicture ? undefined : (context, cell, x, y, size) => paintCode(this, context, cell, x, y, size),
        above: (context, size) => paintSelection(this.selection, context, size),
        describe: cell => this.describe(cell),
        onDown: (cell, event) => press(this.state.tool, this, cell, this.state, event.shiftKey),
        onDrag: cell => drag(this.state.tool, this, cell, this.state),
        onUp: () => this.document.end(),
        onHover: cell => {
          (isPicture ? this.codes : this.picture).hint(cell);
          this.showStatus(cell);
        },
        onMove: (cell, event) => {
          this.showStatus(cell);
          if (event.shiftKey && this.selection) this.select(between(this.anchor, cell, this.columns), this.anchor);
          else if (this.state.tool === 'point' || this.state.tool === 'select') {
            this.select(between(cell, cell, this.columns), cell);
          }
        },
      },
      this.signal,
    );
    return grid;
  }

  paintPicture(context, width, height) {
    const image = this.isComparing && this.originalImage.complete ? this.originalImage : this.screen;
    if (image === this.screen && this.screen.width === 0) return;
    context.drawImage(image, 0, 0, width, height);
  }

  describe(cell) {
    const y = Math.floor(cell / this.columns);
    const surprise = this.nats ? `, ${significant(this.nats[this.placeOf(cell)])} nats` : '';
    return `Row ${y + 1}, column ${(cell % this.columns) + 1}: code ${this.codeAt(cell)}${surprise}`;
  }

  showStatus(cell) {
    fill(
      this.status,
      h('span', {}, cell >= 0 ? this.describe(cell) : `${this.rows} x ${this.columns} codes`),
      h('span', {}, `decoded in ${Math.max(1, Math.round(this.milliseconds))} ms`),
      this.state.isShowingNats &&
        !this.fitsPrior &&
        h('span', {}, `the prior knows ${this.state.model.prior.rows} x ${this.state.model.prior.columns} codes only`),
      this.document.about.psnr &&
        !this.document.isChanged &&
        h('span', {}, `${significant(this.document.about.psnr)} dB`),
    );
  }

  /** @param {{ onReplace: () => void, onFile: (file: File) => void, onClose?: () => void }} actions */
  build({ onReplace, onFile, onClose }) {
    this.name = h('h2');
    this.status = h('div', { class: 'status-line' });
    this.originalImage = new Image();
    this.original = button(
      'Original',
      () => {
        this.isComparing = !this.isComparing;
        this.original.setAttribute('aria-pressed', String(this.isComparing));
        this.draw();
      },
      { class: 'small', pressed: false, title: 'Show the original instead of what the codes decode to' },
    );
    this.element = h(
      'section',
      {
        class: 'card pane',
        'aria-label': `Picture ${this.title}`,
        ondragover: event => event.preventDefault(),
        ondrop: event => {
          event.preventDefault();
          if (event.dataTransfer.files[0]) onFile(event.dataTransfer.files[0]);
        },
      },
      h(
        'div',
        { class: 'pane-head' },
        this.name,
        this.original,
        button('Other picture', onReplace, { class: 'small', icon: 'picture' }),
        onClose &&
          button(`Close picture ${this.title}`, onClose, { class: 'small quiet', icon: 'close', iconOnly: true }),
      ),
      h('div', { class: 'pane-body' }, this.picture.element, this.codes.element),
      this.status,
    );
  }
}
