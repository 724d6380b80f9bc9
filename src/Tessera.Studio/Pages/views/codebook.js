/** The codebook: its map and its atlas, linked both ways, and all about one code. */
import { ask, runPath } from '../api.js';
import { choice } from '../components/button.js';
import { select } from '../components/field.js';
import { runHead } from '../components/run-head.js';
import { addShortcuts } from '../components/shortcuts.js';
import { term } from '../components/term.js';
import { TileGrid } from '../components/tile-grid.js';
import { load } from '../components/waiting.js';
import { fill, h } from '../dom.js';
import { count, imagesOf, plural } from '../format.js';
import { keepInAddress } from '../router.js';
import { loadAtlas, loadModel } from '../state/model.js';
import { codeDetails } from './code-details.js';
import { codebookMap } from './codebook-map.js';
import { firstModel } from './first-model.js';
import { staleNotice } from './stale.js';

/** @param {Element} root @param {import('../types.js').Context} context */
export async function mount(root, { path, query, signal }) {
  const id = path[1];
  const body = h('div');
  fill(root, runHead(id, 'codebook', signal), body);
  await firstModel(body, id, signal);
  await load(
    body,
    'Opening the codebook',
    async onProgress => {
      const model = await loadModel(id, signal);
      const atlas = await loadAtlas(id, signal, onProgress);
      await atlas.countUses(signal, onProgress);
      return { model, atlas };
    },
    ({ model, atlas }) => show(body, model, atlas, query, signal),
    signal,
  );
}

function show(body, model, atlas, query, signal) {
  const { numbers } = atlas.atlas;
  const mostUsed = numbers.reduce(
    (best, number) => (atlas.count(number) > atlas.count(best) ? number : best),
    numbers[0],
  );
  let chosen = Number(query.get('code') ?? mostUsed);
  if (!atlas.places.has(chosen)) chosen = mostUsed;
  /** Code numbers in the order of the atlas. */
  let order = numbers;
  let book = 0;

  const details = codeDetails(model, atlas, number => choose(number, 'details'), signal);
  const places = () => new Map(order.map((number, i) => [number, i]));
  let placeOf = places();

  const grid = new TileGrid(
    {
      label: 'Atlas',
      cell: 30,
      scrolls: true,
      paint: (context, i, x, y, size) => atlas.paint(context, order[i], x + 1, y + 1, size - 2),
      describe: i => `Code ${order[i]}, used ${plural(atlas.count(order[i]), 'time')}`,
      onDown: i => choose(order[i], 'atlas'),
      onMove: i => choose(order[i], 'atlas'),
      onHover: i => hover(i < 0 ? null : order[i], 'atlas'),
    },
    signal,
  );
  grid.element.style.maxHeight = 'min(600px, 70dvh)';

  const mapBox = h('div');
  let map = null;
  const hovered = h('span', { class: 'small muted' });

  function choose(number, from) {
    chosen = number;
    if (from !== 'map') map?.choose(number);
    const place = placeOf.get(number);
    grid.mark(place === undefined ? [] : [place]);
    if (from !== 'atlas' && place !== undefined) grid.activate(place);
    details.show(number);
    keepInAddress({ code: number });
  }

  function hover(number, from) {
    hovered.textContent = number === null ? '' : `code ${number}, ${plural(atlas.count(number), 'use')}`;
    if (from === 'atlas') map?.hover(number);
    else grid.hint(number === null ? -1 : (placeOf.get(number) ?? -1));
  }

  const sort = name => {
    const first = book * model.codes;
    const mine = numbers.filter(number => number >= first && number < first + model.codes);
    const keys = { number: n => n, use: n => -atlas.count(n), color: n => hueOf(atlas.color(n)) };
    order = mine.sort((a, b) => keys[name](a) - keys[name](b));
    placeOf = places();
    grid.resize(order.length);
    if (placeOf.has(chosen)) choose(chosen, '');
  };
  let by = 'use';
  const orders = select(
    'Order of the atlas',
    [
      { value: 'use', label: 'by use' },
      { value: 'number', label: 'by number' },
      { value: 'color', label: 'by colour' },
    ],
    by,
    value => {
      by = value;
      sort(by);
    },
    { isPlain: true },
  );

  const books =
    model.codebooks > 1
      ? select(
          'Codebook',
          bookNames(model).map((label, value) => ({ value: String(value), label })),
          '0',
          value => {
            book = Number(value);
            chosen = numbers.find(number => number >= book * model.codes) ?? chosen;
            sort(by);
            map?.showBook(book);
          },
          { isPlain: true },
        )
      : null;

  const projections = choice(
    'Projection',
    [
      { value: 'umap', label: 'UMAP' },
      { value: 'pca', label: 'PCA' },
    ],
    'umap',
    name => map?.project(name),
  );
  const unused = numbers.filter(number => atlas.count(number) === 0).length;
  fill(
    body,
    staleNotice(model, signal),
    h(
      'div',
      { class: 'codebook' },
      h(
        'section',
        { class: 'card' },
        h(
          'div',
          { class: 'card-head' },
          h('h2', {}, term('codebook', 'Map')),
          h(
            'div',
            { class: 'end' },
            h('span', { class: 'small row' }, term('umap', 'what is UMAP?')),
            projections.element,
          ),
        ),
        mapBox,
        h(
          'p',
          { class: 'small muted' },
          `${plural(numbers.length, 'code')}, each in its mean colour, the larger the more often it is used. `,
          unused > 0 && `${count(unused)} of them unused on ${imagesOf(atlas.uses.images, atlas.uses.split)}.`,
        ),
      ),
      h(
        'section',
        { class: 'card' },
        h(
          'div',
          { class: 'card-head' },
          h('h2', {}, term('atlas', 'Atlas')),
          h('div', { class: 'end' }, hovered, books?.element, orders.element),
        ),
        grid.element,
      ),
      h('section', { class: 'card details', 'aria-label': 'The code that is chosen' }, details.element),
    ),
  );
  sort(by);

  load(
    mapBox,
    'Laying out the map',
    onProgress => ask(runPath(model.id, 'codebook/map'), { signal, onProgress }),
    data => {
      map = codebookMap(
        data,
        model,
        atlas,
        { onChoose: number => choose(number, 'map'), onHover: number => hover(number, 'map') },
        signal,
      );
      fill(mapBox, map.element);
      map.showBook(book);
      map.choose(chosen);
      if (!data.umap) projections.set('pca');
    },
    signal,
  );

  addShortcuts(
    'Codebook',
    [
      { keys: 'A', what: 'to the atlas', run: () => grid.focus() },
      { keys: 'M', what: 'to the map', run: () => map?.focus() },
      { keys: 'Arrow keys', what: 'in the map: to the next code that way' },
    ],
    signal,
  );
}

/** A name for each codebook; one that several places of a cell share has the first place's. */
function bookNames(model) {
  return Array.from({ length: model.codebooks }, (_, book) => model.codebookNames[book] ?? `codebook ${book + 1}`);
}

function hueOf(hex) {
  const [r, g, b] = [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16) / 255);
  const high = Math.max(r, g, b);
  const range = high - Math.min(r, g, b);
  // Greys first, by lightness; then round the circle.
  if (range < 0.08) return high - 10;
  const hue = high === r ? ((g - b) / range + 6) % 6 : high === g ? (b - r) / range + 2 : (r - g) / range + 4;
  return Math.round(hue * 2) * 10 + high;
}
