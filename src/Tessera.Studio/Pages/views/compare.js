/** Two runs beside each other: options that differ, evaluations, pictures with error maps, curves. */
import { ask, runPath, withQuery } from '../api.js';
import { select } from '../components/field.js';
import { plot } from '../components/plot.js';
import { term } from '../components/term.js';
import { load } from '../components/waiting.js';
import { fill, h } from '../dom.js';
import { significant } from '../format.js';
import { columnName } from '../glossary.js';
import { keepInAddress } from '../router.js';
import { allRuns, whenKnown } from '../state/runs.js';
import { compareImages } from './compare-images.js';
import { colors, curvesOf } from './live-chart.js';

const lowerIsBetter = new Set(['recon_error', 'mse', 'nats', 'vq_loss', 'loss']);
const higherIsBetter = new Set(['psnr', 'ssim', 'codes_used', 'accuracy']);

/** @param {Element} root @param {import('../types.js').Context} context */
export async function mount(root, { query, signal }) {
  const chooser = h('div', { class: 'choose-two' });
  const body = h('div', { class: 'stack', style: { 'margin-top': '24px' } });
  fill(root, h('header', { class: 'page-head' }, h('h1', {}, 'Compare two runs')), chooser, body);

  await whenKnown(signal);
  const runs = allRuns().filter(run => run.state !== 'damaged');
  const tokenizers = runs.filter(run => run.kind === 'tokenizer');
  if (tokenizers.length < 2) {
    return fill(
      body,
      h(
        'div',
        { class: 'blank' },
        h('h2', {}, 'Two runs are needed'),
        h('p', {}, 'Train another one with another setting, and see here what it changed.'),
      ),
    );
  }
  let a = query.get('a') ?? tokenizers[0].id;
  let b = query.get('b') ?? tokenizers.find(run => run.id !== a)?.id;
  let left = new AbortController();
  const show = () => {
    left.abort();
    left = new AbortController();
    keepInAddress({ a, b });
    const both = AbortSignal.any([signal, left.signal]);
    load(
      body,
      'Comparing',
      () => ask(withQuery('/api/compare', { a, b }), { signal: both }),
      data => showBoth(body, data, both),
      both,
    );
  };
  const choices = runs.map(run => ({
    value: run.id,
    label: run.kind === 'tokenizer' ? run.name : `${run.name} (${run.kind})`,
  }));
  fill(
    chooser,
    select('Run A', choices, a, value => {
      a = value;
      show();
    }).element,
    h('span', { class: 'muted and', 'aria-hidden': 'true' }, 'and'),
    select('Run B', choices, b, value => {
      b = value;
      show();
    }).element,
  );
  return show();
}

function showBoth(body, data, signal) {
  const { a, b } = data;
  const images = h('section', { class: 'card' });
  const curves = h('section', { class: 'card' });
  fill(
    body,
    h(
      'div',
      { class: 'live-grid' },
      h('section', { class: 'card' }, h('h2', {}, 'Settings that differ'), optionTable(data)),
      h('section', { class: 'card' }, h('h2', {}, term('test_error', 'On the test images')), evaluationTable(data)),
    ),
    images,
    curves,
  );
  if (a.kind === 'tokenizer' && b.kind === 'tokenizer') compareImages(images, a, b, signal);
  else images.remove();
  showCurves(curves, a, b, signal);
}

function optionTable({ a, b, options }) {
  if (options.length === 0) return h('p', { class: 'muted' }, 'None: the two were started alike.');
  return table(
    a,
    b,
    options.map(option => [
      h('span', { class: 'mono', title: option.label }, option.name),
      option.a ?? '–',
      option.b ?? '–',
    ]),
  );
}

function evaluationTable({ a, b, options, evaluations }) {
  if (evaluations.length === 0) return h('p', { class: 'muted' }, 'Neither has been evaluated yet.');
  const sameImages = !options.some(option => ['--data', '--data-dir', '--size'].includes(option.name));
  const rows = evaluations.map(({ name, a: left, b: right }) => {
    const lead = sameImages && left !== null && right !== null ? leadOf(name, left - right) : 0;
    return [term(name, columnName(name)), better(left, lead > 0), better(right, lead < 0)];
  });
  return [
    !sameImages &&
      h('p', { class: 'muted' }, 'Each was tested on images of its own, so these numbers do not tell which is better.'),
    table(a, b, rows),
  ];
}

/** How far A is ahead; below 0 where B is, 0 where neither is better. */
function leadOf(name, difference) {
  if (lowerIsBetter.has(name)) return -difference;
  return higherIsBetter.has(name) ? difference : 0;
}

const better = (value, isBetter) =>
  h(
    'span',
    { class: isBetter ? 'number better' : 'number' },
    significant(value, 4),
    isBetter && h('span', { class: 'unseen' }, ' (better)'),
  );

const table = (a, b, rows) =>
  h(
    'div',
    { class: 'table-box' },
    h(
      'table',
      { class: 'table' },
      h('thead', {}, h('tr', {}, h('td'), h('th', { scope: 'col' }, a.name), h('th', { scope: 'col' }, b.name))),
      h(
        'tbody',
        {},
        rows.map(([name, left, right]) =>
          h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, left), h('td', {}, right)),
        ),
      ),
    ),
  );

function showCurves(card, a, b, signal) {
  const place = h('div', { class: 'charts' });
  fill(
    card,
    h(
      'div',
      { class: 'card-head' },
      h('h2', {}, 'Curves'),
      h(
        'div',
        { class: 'end legend' },
        [a, b].map((run, i) => h('span', {}, h('i', { style: { color: `var(${colors[i]})` } }), run.name)),
      ),
    ),
    place,
  );
  load(
    place,
    'Reading the curves',
    () => Promise.all([a, b].map(run => seriesOf(run, signal))),
    both => {
      const columns = Object.keys(both[0].columns).filter(column => column in both[1].columns);
      if (columns.length === 0) return fill(place, h('p', { class: 'muted' }, noCurves([a, b], both)));
      return fill(
        place,
        columns.map(column => {
          const drawing = plot(columnName(column), signal);
          const curves = both.flatMap((series, i) =>
            curvesOf({ run: [a, b][i], series, rows: {} }, column, colors[i], true),
          );
          drawing.show({ curves, logX: false, logY: column !== 'perplexity' });
          return h(
            'div',
            {},
            h('div', { class: 'chart-title' }, h('h3', {}, term(column, columnName(column)))),
            drawing.element,
          );
        }),
      );
    },
    signal,
  );
}

/** Why there are none: a model without its log, as those that come with the program, or runs of two kinds. */
function noCurves(runs, series) {
  const silent = runs.filter((_, i) => Object.keys(series[i].columns).length === 0).map(run => run.name);
  return silent.length > 0
    ? `There is no log of every update of ${silent.join(' and ')}, so there are no curves to compare.`
    : 'The two log nothing in common.';
}

const seriesOf = (run, signal) => ask(runPath(run.id, 'series', { buckets: 800, smooth: 201 }), { signal });
