/** Says that a run has learnt on since its model was opened here. */
import { button } from '../components/button.js';
import { fill, h } from '../dom.js';
import { findRun, onRuns } from '../state/runs.js';

/**
 * @param {import('../types.js').Model} model
 * @param {AbortSignal} signal
 */
export function staleNotice(model, signal) {
  const element = h('div', { role: 'status' });
  onRuns(() => {
    const run = findRun(model.id);
    const isStale = run?.modelVersion && run.modelVersion !== model.modelVersion;
    if (!isStale) return fill(element);
    if (!element.firstChild) {
      fill(
        element,
        h(
          'div',
          { class: 'notice', style: { 'margin-bottom': '12px' } },
          h(
            'div',
            { class: 'row' },
            'The run has learnt on: its codes may mean something else by now.',
            button('Open its newest model', () => dispatchEvent(new HashChangeEvent('hashchange')), { class: 'small' }),
          ),
        ),
      );
    }
    return undefined;
  }, signal);
  return element;
}
