/** What is shown of the curves of a run: which updates, how smooth, on which scales, and which other runs. */
import { button } from '../components/button.js';
import { checkbox, select } from '../components/field.js';
import { term } from '../components/term.js';
import { fill, h } from '../dom.js';
import { onRuns } from '../state/runs.js';

/** @typedef {import('./live-curves.js').LiveCurves} LiveCurves */

const ranges = [
  { value: 'all', label: 'the whole run' },
  { value: '0.5', label: 'its last half' },
  { value: '0.1', label: 'its last tenth' },
  { value: '1000', label: 'its last 1,000 updates' },
];

const windows = [
  { value: '0', label: 'none' },
  { value: '51', label: '51 updates' },
  { value: '201', label: '201 updates' },
  { value: '1001', label: '1,001 updates' },
];

/** @param {LiveCurves} curves */
export function curveControls(curves) {
  const reset = button('Whole run', () => curves.zoom(null), { class: 'small' });
  reset.hidden = true;
  return {
    element: h(
      'div',
      { class: 'card-head' },
      h('h2', {}, 'Curves'),
      h('div', { class: 'end' }, reset, rangeChoice(curves), windowChoice(curves), scaleChoices(curves)),
    ),
    /** @param {boolean} isZoomed */
    showZoom(isZoomed) {
      reset.hidden = !isZoomed;
    },
  };
}

/** @param {LiveCurves} curves */
function rangeChoice(curves) {
  const { settings } = curves;
  const choose = value => {
    settings.range = value;
    curves.zoom(null);
  };
  return select('Updates shown', ranges, settings.range, choose, { isPlain: true }).element;
}

/** @param {LiveCurves} curves */
function windowChoice(curves) {
  const { settings } = curves;
  const choose = value => {
    settings.smooth = Number(value);
    curves.reload();
  };
  return h(
    'span',
    { class: 'row small' },
    term('smoothing', 'Smoothing'),
    select('Window of the smoothing', windows, String(settings.smooth), choose, { isPlain: true }).element,
  );
}

/** @param {LiveCurves} curves */
function scaleChoices(curves) {
  const { settings } = curves;
  const scale = (label, name) =>
    checkbox(label, settings[name], isOn => {
      settings[name] = isOn;
      curves.draw();
    }).element;
  return [scale('log error', 'logY'), scale('log updates', 'logX')];
}

/** The other runs of the same kind. @param {LiveCurves} curves */
export function overlayChoice(curves) {
  const { run } = curves.main;
  const list = h('div', { class: 'overlays' });
  const box = h('details', { hidden: true }, h('summary', { class: 'small' }, 'Other runs over these'), list);
  const isOffered = other =>
    other.id !== run.id && other.kind === run.kind && other.state !== 'damaged' && !other.isBuiltIn;
  const choiceOf = other =>
    checkbox(other.name, curves.shown.has(other.id), isOn => curves.overlay(other, isOn)).element;
  let offered = '';
  // After a reload of the page the list of runs may come later than this one.
  onRuns(runs => {
    const others = runs.filter(isOffered);
    const names = others.map(other => `${other.id} ${other.name}`).join();
    if (names === offered) return;
    offered = names;
    box.hidden = others.length === 0;
    fill(list, others.map(choiceOf));
  }, curves.signal);
  return box;
}
