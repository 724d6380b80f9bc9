/** The atlas to choose codes from, in an order that helps. */
import { select } from '../../components/field.js';
import { pixels } from '../../components/images.js';
import { term } from '../../components/term.js';
import { TileGrid } from '../../components/tile-grid.js';
import { problem } from '../../components/toast.js';
import { debounce, fill, h } from '../../dom.js';
import { count, plural } from '../../format.js';
import { color } from '../../theme.js';
import { choicesOf, orders } from './orders.js';

export class Palette {
  /**
   * @param {import('./state.js').EditorState} state
   * @param {AbortSignal} signal
   */
  constructor(state, signal) {
    this.state = state;
    this.signal = signal;
    this.order = 'likeness';
    /** The class that the prior is asked about; empty: any. */
    this.label = '';
    /** @type {import('./orders.js').Order} What is shown. */
    this.shown = { codes: [], note: '' };
    /** Orders that were asked for: only the last one is shown. */
    this.asked = 0;
    /** What the last one was asked for. */
    this.seen = '';
    /** @type {import('./pane.js').Pane | null} The one that shows a code which is not chosen. */
    this.previewing = null;
    this.build();
    this.sortSoon = debounce(() => this.sort(), 60);
    state.on(['selection', 'layer', 'brush', 'document', 'tool'], () => this.follow());
    this.say(state.brush);
    this.sort();
    state.atlas.countUses(signal).then(() => this.counted(), problem);
  }

  build() {
    this.grid = this.makeGrid();
    this.tile = pixels(56, 56, '');
    this.text = h('div', { class: 'small', 'aria-live': 'polite' });
    this.note = h('p', { class: 'small muted' });
    this.classes = this.classChoice();
    this.element = h(
      'aside',
      { class: 'card palette', 'aria-label': 'Codes to choose from' },
      h('div', { class: 'current' }, this.tile, this.text),
      select('Order', choicesOf(this.state.model), this.order, value => this.setOrder(value)).element,
      this.classes,
      h('p', { class: 'small muted' }, term('atlas'), ' of ', term('code', 'codes'), ': click one to use it.'),
      this.grid.element,
      this.note,
    );
  }

  makeGrid() {
    const show = code => {
      this.say(code ?? this.resting);
      this.preview(code);
    };
    return new TileGrid(
      {
        label: 'Atlas of codes',
        cell: 34,
        scrolls: true,
        paint: (context, i, x, y, size) => this.paint(context, this.shown.codes[i], x, y, size),
        describe: i => this.describe(this.shown.codes[i]),
        onDown: i => this.choose(this.shown.codes[i]),
        onHover: i => show(i < 0 ? null : this.shown.codes[i]),
        onMove: i => show(this.shown.codes[i]),
        onLeave: () => this.preview(null),
      },
      this.signal,
    );
  }

  /** The class that the prior is asked about; null: it knows none. */
  classChoice() {
    const names = this.state.model.prior?.classes ?? [];
    if (names.length === 0) return null;
    const { element } = select(
      'Class for the prior',
      [{ value: '', label: 'any class' }, ...names.map(name => ({ value: name, label: name }))],
      '',
      value => {
        this.label = value;
        this.follow();
      },
      { isPlain: true },
    );
    element.hidden = true;
    return element;
  }

  setOrder(order) {
    this.order = order;
    if (this.classes) this.classes.hidden = order !== 'prior';
    this.follow();
  }

  /** A tile; where the prior was asked, a bar under it is the code's probability. */
  paint(context, code, x, y, size) {
    this.state.atlas.paint(context, this.state.numberOf(code), x + 1, y + 1, size - 2);
    const probability = this.shown.likely?.get(code);
    if (probability === undefined) return;
    context.fillStyle = color('--raised');
    context.fillRect(x + 1, y + size - 6, size - 2, 5);
    context.fillStyle = color('--accent');
    context.fillRect(x + 1, y + size - 5, (size - 2) * Math.max(0.06, Math.sqrt(probability)), 4);
  }

  /** What a screen reader says of a code. */
  describe(code) {
    const { atlas } = this.state;
    const isCounted = atlas.uses && atlas.places.has(this.state.numberOf(code));
    return [`code ${code}`, this.shown.notes?.get(code), isCounted && this.used(code)].filter(Boolean).join(', ');
  }

  used(code) {
    return `used ${plural(this.state.atlas.count(this.state.numberOf(code)), 'time')}`;
  }

  /** Shows a code above the atlas, with what is known of it. */
  say(code) {
    const { atlas } = this.state;
    const context = this.tile.getContext('2d');
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, 56, 56);
    atlas.paint(context, this.state.numberOf(code), 0, 0, 56, true);
    const facts = [
      this.shown.notes?.get(code),
      atlas.uses && `${this.used(code)} on ${count(atlas.uses.images)} images`,
    ];
    fill(this.text, h('strong', {}, `${this.nameOf(code)} ${code}`), h('br'), facts.filter(Boolean).join(', '));
  }

  nameOf(code) {
    if (this.isChoosing && code === this.subject.code) return 'This cell: code';
    return code === this.state.brush ? 'Brush: code' : 'Code';
  }

  /** Whether a code that is clicked goes to the cells that are selected. */
  get isChoosing() {
    const { tool, active } = this.state;
    return (tool === 'point' || tool === 'select') && Boolean(active?.selection);
  }

  /** The cell that the order is about. @returns {import('./orders.js').Subject} */
  get subject() {
    const pane = this.state.active;
    if (!pane?.selection) return { code: this.state.brush, pane: null, place: -1 };
    const cell = pane.selectedCells[0];
    return { code: pane.codeAt(cell), pane, place: pane.placeOf(cell) };
  }

  /** The code that is told of while none is pointed at. */
  get resting() {
    return this.isChoosing ? this.subject.code : this.state.brush;
  }

  choose(code) {
    const { active } = this.state;
    if (this.isChoosing) active.set(active.selectedCells, code);
    this.state.setBrush(code);
  }

  /** Shows in the picture a code that is pointed at, or reached by the keyboard, before it is chosen; null: none. */
  preview(code) {
    const pane = code !== null && this.isChoosing ? this.state.active : null;
    // The selection may be gone, or another picture's, when the pointer leaves.
    if (this.previewing && this.previewing !== pane) this.previewing.preview(null);
    this.previewing = pane;
    pane?.preview(new Map(pane.selectedCells.map(cell => [pane.placeOf(cell), code])));
  }

  /** Something has changed: sorts anew if the order depends on it. */
  follow() {
    if (!this.isChoosing) this.preview(null);
    const { pane, place } = this.subject;
    // A new code in the same cell changes what is likely after it, not which codes are near to the one it had.
    const brush = this.order === 'likeness' && !pane ? this.state.brush : '';
    const before = this.order === 'prior' && pane ? pane.document.codes.slice(0, place + 1) : '';
    const now = [this.order, this.label, this.state.layer.codebook, pane?.title, place, brush, before].join(' ');
    if (now === this.seen) return this.mark();
    this.seen = now;
    return this.sortSoon();
  }

  async sort() {
    const mine = ++this.asked;
    const { state, subject, label, signal } = this;
    const report = text => {
      if (mine === this.asked) this.note.textContent = text;
    };
    try {
      const order = await orders[this.order]({ state, subject, label, report, signal });
      if (mine === this.asked) this.show(order);
    } catch (error) {
      problem(error);
    }
  }

  /** @param {import('./orders.js').Order} order */
  show(order) {
    this.shown = order;
    this.note.textContent = order.note;
    this.grid.resize(order.codes.length);
    const place = this.mark();
    if (this.grid.element.contains(document.activeElement)) return;
    this.grid.activate(Math.max(0, place));
    this.grid.scrollToTop();
  }

  /** Frames the code that the order is about, and tells of it. @returns {number} Its place; -1: it is not shown. */
  mark() {
    const place = this.shown.codes.indexOf(this.subject.code);
    this.grid.mark(place >= 0 ? [place] : []);
    this.say(this.resting);
    return place;
  }

  counted() {
    this.say(this.resting);
    this.grid.describeAgain();
  }

  focus() {
    this.grid.focus();
  }
}
