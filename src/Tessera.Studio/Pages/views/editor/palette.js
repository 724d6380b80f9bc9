/** The atlas to choose codes from, in an order that helps: by likeness, by use, by what the prior thinks likely. */
import { ask, runPath } from '../../api.js';
import { select } from '../../components/field.js';
import { pixels } from '../../components/images.js';
import { term } from '../../components/term.js';
import { tileGrid } from '../../components/tile-grid.js';
import { problem } from '../../components/toast.js';
import { sentence } from '../../components/waiting.js';
import { debounce, fill, h } from '../../dom.js';
import { count, percent, plural, significant } from '../../format.js';
import { color } from '../../theme.js';

/**
 * @param {import('./state.js').EditorState} state
 * @param {AbortSignal} signal
 */
export function palette(state, signal) {
  const { model, atlas } = state;
  /** Codes of the layer in the order shown. @type {number[]} */
  let codes = [];
  /** @type {Map<number, string>} What the order says of a code. */
  let notes = new Map();
  /** @type {Map<number, number>} Probabilities. */
  let likely = new Map();
  let order = 'likeness';
  let label = '';
  let asked = 0;

  const grid = tileGrid(
    {
      label: 'Atlas of codes',
      cell: 34,
      scrolls: true,
      paint(context, i, x, y, size) {
        atlas.paint(context, state.numberOf(codes[i]), x + 1, y + 1, size - 2);
        const probability = likely.get(codes[i]);
        if (probability === undefined) return;
        context.fillStyle = color('--raised');
        context.fillRect(x + 1, y + size - 6, size - 2, 5);
        context.fillStyle = color('--accent');
        context.fillRect(x + 1, y + size - 5, (size - 2) * Math.max(0.06, Math.sqrt(probability)), 4);
      },
      describe: i => describe(codes[i]),
      onDown: i => choose(codes[i]),
      onHover: i => {
        say(i < 0 ? resting() : codes[i]);
        preview(i < 0 ? null : codes[i]);
      },
      onMove: i => {
        say(codes[i]);
        preview(codes[i]);
      },
      onLeave: () => preview(null),
    },
    signal,
  );

  const tile = pixels(56, 56, '');
  const text = h('div', { class: 'small', 'aria-live': 'polite' });
  const note = h('p', { class: 'small muted' });

  const describe = code =>
    [
      `code ${code}`,
      notes.get(code),
      atlas.uses && atlas.places.has(state.numberOf(code)) ? used(code) : null,
    ]
      .filter(Boolean)
      .join(', ');

  const used = code => `used ${plural(atlas.count(state.numberOf(code)), 'time')}`;

  const say = code => {
    const context = tile.getContext('2d');
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, 56, 56);
    atlas.paint(context, state.numberOf(code), 0, 0, 56, true);
    const name =
      isChoosing() && code === subject().code ? 'This cell: code' : code === state.brush ? 'Brush: code' : 'Code';
    fill(
      text,
      h('strong', {}, `${name} ${code}`),
      h('br'),
      [
        notes.get(code),
        atlas.uses && `${used(code)} on ${count(atlas.uses.images)} images`,
      ]
        .filter(Boolean)
        .join(', '),
    );
  };

  const isChoosing = () => (state.tool === 'point' || state.tool === 'select') && state.active?.selection;

  /** The code that is told of while none is pointed at. */
  const resting = () => (isChoosing() ? subject().code : state.brush);

  const choose = code => {
    if (isChoosing()) state.active.set(state.active.selectedCells, code);
    state.setBrush(code);
  };

  /** @type {import('./pane.js').Pane | null} The one that shows a code which is not chosen. */
  let previewing = null;

  // The picture shows the code that is pointed at, or reached by the keyboard, before it is chosen.
  const preview = code => {
    const pane = code !== null && isChoosing() ? state.active : null;
    // The selection may be gone, or another picture's, when the pointer leaves.
    if (previewing && previewing !== pane) previewing.preview(null);
    previewing = pane;
    pane?.preview(new Map(pane.selectedCells.map(cell => [pane.placeOf(cell), code])));
  };

  /** The cell that the order is about: its code, its place. */
  const subject = () => {
    const pane = state.active;
    if (!pane?.selection) return { code: state.brush, pane: null, place: -1 };
    const cell = pane.selectedCells[0];
    return { code: pane.codeAt(cell), pane, place: pane.placeOf(cell) };
  };

  const all = () => {
    const first = state.layer.codebook * model.codes;
    return atlas.atlas.numbers.filter(n => n >= first && n < first + model.codes).map(n => n - first);
  };

  const orders = {
    async likeness() {
      const { code } = subject();
      const answer = await ask(runPath(model.id, `codes/${state.numberOf(code)}/like`), { signal });
      const first = state.layer.codebook * model.codes;
      return {
        codes: answer.numbers.map(n => n - first),
        notes: new Map(answer.numbers.map((n, i) => [n - first, `distance ${significant(answer.distances[i])}`])),
        note: `The nearest to code ${code} first.`,
      };
    },
    async use() {
      await atlas.countUses(signal, (stage, fraction) => {
        if (order === 'use') note.textContent = `${sentence(stage)} ${percent(fraction)}`;
      });
      return {
        codes: all().sort((a, b) => atlas.count(state.numberOf(b)) - atlas.count(state.numberOf(a))),
        note: 'The most used first.',
      };
    },
    async prior() {
      const { pane, place } = subject();
      if (!pane) return { codes: all(), note: 'Choose a cell: the prior then says what is likely there.' };
      const fits = pane.document.rows === model.prior.rows && pane.document.columns === model.prior.columns;
      if (!fits)
        return {
          codes: all(),
          note: `The prior knows pictures of ${model.prior.rows} x ${model.prior.columns} codes only.`,
        };
      const json = { codes: pane.document.codes, place, class: label || null, count: Math.min(256, model.codes) };
      const answer = await ask(runPath(model.id, 'likely'), { json, signal });
      const known = new Map(answer.codes.map((code, i) => [code, answer.probabilities[i]]));
      return {
        codes: [...answer.codes, ...all().filter(code => !known.has(code))],
        notes: new Map([...known].map(([code, p]) => [code, p >= 0.005 ? percent(p) : `${significant(p * 100, 2)} %`])),
        likely: known,
        note:
          `The likeliest first, given the codes before it. Now: code ${answer.current.code}, ` +
          `${ordinal(answer.current.rank + 1)} likeliest.`,
      };
    },
    async number() {
      return { codes: all(), note: 'By number.' };
    },
  };

  const sort = async () => {
    const mine = ++asked;
    try {
      const answer = await orders[order]();
      if (mine !== asked) return;
      codes = answer.codes;
      notes = answer.notes ?? new Map();
      likely = answer.likely ?? new Map();
      note.textContent = answer.note;
      grid.resize(codes.length);
      const place = codes.indexOf(subject().code);
      grid.mark(place >= 0 ? [place] : []);
      say(resting());
      if (!grid.element.contains(document.activeElement)) {
        grid.activate(Math.max(0, place));
        grid.scrollToTop();
      }
    } catch (error) {
      problem(error);
    }
  };

  const soon = debounce(sort, 60);
  const markOnly = () => {
    const place = codes.indexOf(subject().code);
    grid.mark(place >= 0 ? [place] : []);
    say(resting());
  };

  let seen = '';
  const follow = () => {
    // A new code in the same cell changes what is likely after it, not which codes are near to the one it had.
    if (!isChoosing()) preview(null);
    const { pane, place } = subject();
    const brush = order === 'likeness' && !pane ? state.brush : '';
    const before = order === 'prior' && pane ? pane.document.codes.slice(0, place + 1) : '';
    const now = [order, label, state.layer.codebook, pane?.title, place, brush, before].join(' ');
    if (now === seen) return markOnly();
    seen = now;
    return soon();
  };
  state.on(['selection', 'layer', 'brush', 'document', 'tool'], follow);

  const classes =
    model.prior && model.prior.classes.length > 0
      ? select(
          'Class for the prior',
          [{ value: '', label: 'any class' }, ...model.prior.classes.map(name => ({ value: name, label: name }))],
          '',
          value => {
            label = value;
            follow();
          },
          { isPlain: true },
        )
      : null;
  if (classes) classes.element.hidden = true;

  const orderChoice = select(
    'Order',
    [
      { value: 'likeness', label: 'by likeness' },
      { value: 'use', label: 'by use' },
      ...(model.prior ? [{ value: 'prior', label: 'by what the prior thinks likely' }] : []),
      { value: 'number', label: 'by number' },
    ],
    order,
    value => {
      order = value;
      if (classes) classes.element.hidden = value !== 'prior';
      follow();
    },
  );

  say(state.brush);
  sort();
  atlas.countUses(signal).then(() => {
    say(resting());
    grid.describeAgain();
  }, problem);
  return {
    element: h(
      'aside',
      { class: 'card palette', 'aria-label': 'Codes to choose from' },
      h('div', { class: 'current' }, tile, text),
      orderChoice.element,
      classes?.element,
      h('p', { class: 'small muted' }, term('atlas'), ' of ', term('code', 'codes'), ': click one to use it.'),
      grid.element,
      note,
    ),
    focus: grid.focus,
  };
}

/** "1st", "2nd". @param {number} n */
const ordinal = n => `${n}${n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;
