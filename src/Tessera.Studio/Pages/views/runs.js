/** All runs. */
import { mosaic } from '../components/mosaic.js';
import { resumeButton, stopButton } from '../components/run-actions.js';
import { statePill } from '../components/run-head.js';
import { term } from '../components/term.js';
import { toast } from '../components/toast.js';
import { waiting } from '../components/waiting.js';
import { button } from '../components/button.js';
import { ask } from '../api.js';
import { fill, h } from '../dom.js';
import { count, duration, significant, since } from '../format.js';
import { go, href } from '../router.js';
import { allFolders, hasModel, onRuns } from '../state/runs.js';

/** @typedef {import('../types.js').Run} Run */

/** @param {Element} root @param {import('../types.js').Context} context */
export function mount(root, { signal }) {
  /** @type {Map<string, ReturnType<typeof card> & { shape: string, shown: string }>} */
  const cards = new Map();
  const grid = h('ul', { class: 'runs-grid' });
  const hero = h('div');
  fill(
    root,
    h(
      'header',
      { class: 'page-head' },
      h('h1', {}, 'Runs'),
      h('div', { class: 'end' }, h('a', { class: 'button primary', href: href(['start']) }, 'New run')),
    ),
    hero,
    grid,
  );
  waiting(grid, 'Looking for runs');

  onRuns(runs => {
    const own = runs.filter(run => !run.isBuiltIn);
    if (own.length > 0) fill(hero);
    else if (!hero.firstChild) fill(hero, welcome(signal));
    const wanted = [...own, ...builtIn(runs)].map(run => {
      const shown = JSON.stringify(run);
      const known = cards.get(run.id);
      if (known?.shown === shown) return known.element;
      const shape = shapeOf(run);
      if (known?.shape === shape) {
        known.shown = shown;
        known.update(run);
        return known.element;
      }
      const focused = known?.element.contains(document.activeElement) ? document.activeElement.textContent : null;
      const made = card(run, signal);
      const { element } = made;
      if (known) known.element.replaceWith(element);
      if (focused) [...element.querySelectorAll('a, button')].find(e => e.textContent === focused)?.focus();
      cards.set(run.id, { ...made, shape, shown });
      return element;
    });
    // Moving an element loses its focus: the order is only touched where it changed.
    const present = [...grid.children];
    if (present.length !== wanted.length || present.some((e, i) => e !== wanted[i])) fill(grid, wanted);
  }, signal);
}

/** The models of the program: what one can paint with comes first. @param {Run[]} runs */
const builtIn = runs => runs.filter(run => run.isBuiltIn).sort((a, b) => Number(hasModel(b)) - Number(hasModel(a)));

function welcome(signal) {
  const folder = allFolders().find(item => item.canStart);
  return h(
    'section',
    { class: 'card hero' },
    h(
      'div',
      {},
      h('h1', {}, 'Watch a network learn to lay mosaics'),
      h(
        'p',
        {},
        'Start a run on shapes: in a few minutes this computer trains a ',
        term('vqvae'),
        ' on pictures that it makes itself, and you can watch it learn and then paint with its ',
        term('code', 'codes'),
        '.',
      ),
      h(
        'div',
        { class: 'row' },
        folder &&
          button(
            'Start a run on shapes',
            async () => {
              const body = { folder: folder.id, name: null, preset: 'default', values: { '--data': 'shapes' } };
              const launch = await ask('/api/runs', { json: body });
              go(['start'], { launch: launch.id });
            },
            { class: 'primary', icon: 'play' },
          ),
        h('a', { class: 'button', href: href(['start']) }, 'Choose settings'),
      ),
    ),
    mosaic('Tessera', 16, 12, signal, 'art'),
  );
}

/**
 * What the parts of a card follow from. While it stays, only their numbers change: a button under the pointer must not
 * be replaced by another one at every update of a run.
 * @param {Run} run
 */
const shapeOf = run =>
  JSON.stringify([
    ...[run.name, run.path, run.kind, run.state, run.message, run.canStop, run.canResume, run.canLengthen],
    ...[run.isBuiltIn, run.thumbnail !== null, hasModel(run)],
  ]);

/** @param {Run} run @param {AbortSignal} signal */
function card(run, signal) {
  const target = run.isBuiltIn && hasModel(run) ? 'editor' : 'live';
  const name =
    run.state === 'damaged'
      ? h('h2', {}, run.name)
      : h('h2', {}, h('a', { href: href(['runs', run.id, target]) }, run.name));
  const picture = run.thumbnail
    ? h('img', {
        class: 'thumb pixels',
        src: run.thumbnail,
        alt: 'Test images as the run reconstructs them',
        width: 280,
        height: 140,
        onerror: event => event.target.replaceWith(mosaic(run.id, 16, 8, signal)),
      })
    : mosaic(run.id, 16, 8, signal);
  const isDamaged = run.state === 'damaged';
  const numbers = h('div', { class: 'body-part' });
  const element = h(
    'li',
    { class: 'card run-card' },
    picture,
    h(
      'div',
      { class: 'body' },
      h('div', { class: 'name' }, name, statePill(run)),
      isDamaged ? damaged(run) : numbers,
      !isDamaged && run.message && h('p', { class: 'problem-text small' }, run.message),
      (run.canStop || run.canResume) &&
        h('div', { class: 'actions' }, run.canStop && stopButton(run), run.canResume && resumeButton(run, signal)),
    ),
  );
  /** @param {Run} now */
  const update = now => {
    if (picture instanceof HTMLImageElement && now.thumbnail && picture.getAttribute('src') !== now.thumbnail)
      picture.src = now.thumbnail;
    const isOver = ['finished', 'stopped'].includes(now.state) && !now.isBuiltIn;
    fill(
      numbers,
      facts(now),
      isOver && now.changed && h('p', { class: 'small muted' }, since(now.changed)),
      now.state === 'running' && progress(now),
    );
  };
  if (!isDamaged) update(run);
  return { element, update };
}

function damaged(run) {
  return [
    h('p', { class: 'problem-text small' }, run.message ?? 'Its files cannot be read.'),
    h(
      'p',
      { class: 'small muted' },
      `The folder ${run.path} is left as it is. Mend or delete it, or train again into another.`,
    ),
    h(
      'div',
      { class: 'actions' },
      button(
        'Copy the path',
        async () => {
          await navigator.clipboard.writeText(run.path);
          toast('The path is on the clipboard.');
        },
        { class: 'small', icon: 'copy' },
      ),
    ),
  ];
}

function facts(run) {
  const isTokenizer = run.kind === 'tokenizer';
  return h(
    'dl',
    { class: 'facts-list small' },
    fact(term('test_error', isTokenizer ? 'test error' : 'test nats'), significant(run.testError)),
    isTokenizer
      ? fact(
          term('codes_used', 'codes used'),
          run.codesUsed === null ? '–' : [count(run.codesUsed), run.codes && [' of ', count(run.codes)]],
        )
      : fact('kind', run.kind === 'prior' ? term('prior', 'prior') : run.kind),
    fact('trained on', [run.data, run.size && ` ${run.size}`].filter(Boolean)),
    fact(run.state === 'running' ? 'update' : 'updates', [
      count(run.update),
      run.state !== 'finished' && run.updates && ` of ${count(run.updates)}`,
    ]),
  );
}

const fact = (name, value) => h('div', {}, h('dt', {}, name), h('dd', {}, value));

function progress(run) {
  return h(
    'div',
    {},
    h(
      'div',
      {
        class: 'progress',
        role: 'progressbar',
        'aria-label': 'Progress',
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-valuenow': Math.round((run.fraction ?? 0) * 100),
      },
      h('span', { style: { transform: `scaleX(${run.fraction ?? 0})` } }),
    ),
    h('p', { class: 'small muted' }, run.secondsLeft === null ? 'Starting' : `${duration(run.secondsLeft)} left`),
  );
}
