/** The page: its frame, and which view is shown. */
import { ask } from './api.js';
import { button } from './components/button.js';
import { addShortcuts, showShortcuts } from './components/shortcuts.js';
import { problem } from './components/toast.js';
import { failed, waiting } from './components/waiting.js';
import { fill, h } from './dom.js';
import { currentRoute, go, href } from './router.js';
import { onConnection } from './state/connection.js';
import { followRuns } from './state/runs.js';
import { toggleTheme } from './theme.js';
import { askForToken } from './views/session.js';

/** @type {Record<string, () => Promise<{ mount: (root: Element, context: import('./types.js').Context) => any }>>} */
const views = {
  runs: () => import('./views/runs.js'),
  start: () => import('./views/start.js'),
  compare: () => import('./views/compare.js'),
  live: () => import('./views/live.js'),
  editor: () => import('./views/editor.js'),
  codebook: () => import('./views/codebook.js'),
  samples: () => import('./views/samples.js'),
};

/** Of the views that are not a run's. */
const titles = { runs: 'Runs', start: 'New run', compare: 'Compare' };

const main = document.getElementById('main');
let leave = new AbortController();
let shownPath = '';

async function show() {
  const { path, query } = currentRoute();
  if (path.length === 0) return location.replace(href(['runs']));
  const name = path[0] === 'runs' && path[1] ? (path[2] ?? 'live') : path[0];
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  // A dialog or a card of the view before must not outlive it.
  for (const dialog of document.querySelectorAll('dialog:not([data-stays])')) dialog.close();
  frame(path);
  const load = views[name];
  if (!load)
    return fill(
      main,
      h(
        'div',
        { class: 'blank' },
        h('h1', {}, 'There is no such page'),
        h('a', { class: 'button', href: href(['runs']) }, 'All runs'),
      ),
    );
  const isStep = shownPath !== '';
  shownPath = path.join('/');
  try {
    waiting(main, '');
    const view = await load();
    if (signal.aborted) return undefined;
    fill(main);
    if (isStep) scrollTo(0, 0);
    await view.mount(main, { path, query, signal });
    // A screen reader then begins to read at the view, not at the link that led to it.
    if (isStep && !signal.aborted && document.activeElement === document.body) main.focus({ preventScroll: true });
  } catch (error) {
    if (!signal.aborted) failed(main, error, show);
  }
  return undefined;
}

function frame(path) {
  const at = path[0];
  const title = at === 'runs' && path[1] ? null : titles[at];
  document.title = title ? `${title} · Tessera studio` : 'Tessera studio';
  fill(
    document.getElementById('top'),
    h(
      'a',
      { class: 'brand', href: href(['runs']), 'aria-label': 'Tessera studio, all runs' },
      h('img', { src: '/favicon.svg', alt: '' }),
      h('span', {}, 'Tessera ', h('span', {}, 'studio')),
    ),
    h(
      'nav',
      { 'aria-label': 'Main' },
      link('Runs', ['runs'], at === 'runs'),
      h('a', { href: href(['start']), class: 'spare', 'aria-current': at === 'start' ? 'page' : null }, 'New run'),
      link('Compare', ['compare'], at === 'compare'),
    ),
    h(
      'div',
      { class: 'end' },
      button('Keys', showShortcuts, { class: 'quiet spare', title: 'Keys (?)' }),
      button('Light or dark', toggleTheme, { icon: 'theme', iconOnly: true, class: 'quiet' }),
    ),
  );
}

const link = (label, path, isHere) => h('a', { href: href(path), 'aria-current': isHere ? 'page' : null }, label);

function showConnection() {
  const line = document.getElementById('connection');
  onConnection(isDown =>
    fill(
      line,
      isDown && [
        'The studio does not answer. Is ',
        h('code', {}, 'tessera studio'),
        ' still running? This page goes on when it does.',
      ],
    ),
  );
}

/** The session has ended, as after a restart of the studio: whoever has the token goes on where they were. */
async function askAgain() {
  document.removeEventListener('tokenneeded', askAgain);
  await askForToken();
  document.addEventListener('tokenneeded', askAgain);
  followRuns();
  show();
}

/** A file that is dropped beside its place must not replace the page. @param {DragEvent} event */
function keepPage(event) {
  if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
}

async function start() {
  // An address without the hash, as a program may write it.
  if (!['/', '/index.html'].includes(location.pathname))
    return location.replace(`/#${location.pathname}${location.search}`);
  frame(currentRoute().path);
  showConnection();
  addShortcuts('Everywhere', [
    { keys: '?', what: 'this list', run: showShortcuts },
    { keys: 'T', what: 'light or dark', run: toggleTheme },
    // Not a letter alone: a slip would leave the view, with what was drawn or undone there.
    { keys: 'Shift+R', what: 'all runs', run: () => go(['runs']) },
    { keys: 'Shift+N', what: 'a new run', run: () => go(['start']) },
  ]);
  addShortcuts('In a grid of codes', [
    { keys: 'Arrow keys', what: 'to the next cell' },
    { keys: 'Home or End', what: 'to the ends of a row; with Ctrl, of the grid' },
    { keys: 'Page Up or Page Down', what: 'a page up or down' },
    { keys: 'Enter or Space', what: 'choose the cell' },
  ]);
  const session = await ask('/api/session').catch(problem);
  if (session?.needsToken && !session.isOpen) await askForToken();
  document.addEventListener('tokenneeded', askAgain);
  for (const name of ['dragover', 'drop']) document.addEventListener(name, keepPage);
  followRuns();
  addEventListener('hashchange', show);
  return show();
}

start();
