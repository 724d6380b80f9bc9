/** What stands in a view until its run has a model to look into. */
import { fill, h } from '../dom.js';
import { findRun, onRuns, whenKnown } from '../state/runs.js';

const texts = {
  running: 'It is there with the first checkpoint, and this page then opens by itself.',
  other: 'The run ended before its first checkpoint. Resume it to get one.',
};

/**
 * Waits for the first model of a run, if it has none.
 * @param {Element} place Says so meanwhile.
 * @param {string} id
 * @param {AbortSignal} signal
 */
export async function firstModel(place, id, signal) {
  await whenKnown(signal);
  if (!lacksModel(id)) return;
  const text = h('p');
  fill(place, h('div', { class: 'blank', role: 'status' }, h('h2', {}, 'No model yet'), text));
  await new Promise(resolve => {
    onRuns(() => {
      text.textContent = findRun(id)?.state === 'running' ? texts.running : texts.other;
      if (!lacksModel(id)) resolve();
    }, signal);
  });
}

function lacksModel(id) {
  const run = findRun(id);
  return run?.kind === 'tokenizer' && run.state !== 'damaged' && run.modelVersion === null;
}
