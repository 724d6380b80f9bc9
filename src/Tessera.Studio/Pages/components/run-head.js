/** The head of a run's views: its name, state and tabs. */
import { fill, h } from '../dom.js';
import { count } from '../format.js';
import { href } from '../router.js';
import { findRun, hasModel, onRuns } from '../state/runs.js';
import { resumeButton, stopButton } from './run-actions.js';

const tabs = [
  ['live', 'Live'],
  ['editor', 'Token editor'],
  ['codebook', 'Codebook'],
  ['samples', 'Samples'],
];

/**
 * @param {string} id
 * @param {string} tab
 * @param {AbortSignal} signal
 */
export function runHead(id, tab, signal) {
  const element = h('header', { class: 'run-head' });
  const viewName = tabs.find(([name]) => name === tab)?.[1];
  let shown = '';
  onRuns(() => {
    const run = findRun(id);
    // Only what is shown here makes it anew: a button under the pointer must not vanish at every update.
    const wanted = JSON.stringify(
      run && [
        run.name,
        run.state,
        run.kind,
        run.codes,
        run.modelVersion !== null,
        run.canStop,
        run.canResume,
        run.prior,
        run.quantizer,
      ],
    );
    if (wanted === shown) return;
    shown = wanted;
    document.title = `${viewName}: ${run?.name ?? 'a run'} · Tessera studio`;
    const canLook = run && (hasModel(run) || run.kind === 'tokenizer');
    fill(
      element,
      h(
        'div',
        { class: 'title' },
        h('h1', {}, run?.name ?? 'A run that is not in the list'),
        run && statePill(run),
        h(
          'div',
          { class: 'end' },
          run?.canStop && stopButton(run),
          run?.canResume && resumeButton(run, signal),
          run?.parent && h('a', { class: 'button', href: href(['runs', run.parent, 'samples']) }, 'Its samples'),
          run && canLook && h('a', { class: 'button', href: href(['compare'], { a: run.id }) }, 'Compare'),
        ),
      ),
      h('p', { class: 'facts' }, run ? facts(run) : ''),
      h(
        'nav',
        { class: 'tabs', 'aria-label': 'Views of the run' },
        tabs
          .filter(([name]) => name === tab || (name === 'live' ? !run?.isBuiltIn : canLook))
          .map(([name, label]) =>
            h(
              'a',
              {
                href: href(['runs', id, name]),
                'aria-current': name === tab ? 'page' : null,
              },
              label,
            ),
          ),
      ),
    );
  }, signal);
  if (!element.firstChild) fill(element, h('div', { class: 'title' }, h('h1', {}, '…')));
  return element;
}

/** @param {import('../types.js').Run} run */
export const statePill = run =>
  run.isBuiltIn ? h('span', { class: 'pill' }, 'built in') : h('span', { class: `pill ${run.state}` }, run.state);

function facts(run) {
  const parts = [
    run.kind === 'tokenizer' ? null : run.kind,
    run.data,
    run.size,
    run.codes && `${count(run.codes)} codes`,
    run.quantizer,
    !run.isBuiltIn && run.path,
  ];
  return parts.filter(Boolean).join(' · ');
}
