/** The orders of the atlas: by likeness, by use, by what the prior thinks likely, by number. */
import { ask, runPath } from '../../api.js';
import { sentence } from '../../components/waiting.js';
import { percent, significant } from '../../format.js';

/**
 * What an order is made for.
 * @typedef {object} Wish
 * @property {import('./state.js').EditorState} state
 * @property {Subject} subject
 * @property {string} label The class that the prior is asked about; empty: any.
 * @property {(text: string) => void} report Says how far the work is.
 * @property {AbortSignal} signal
 */

/**
 * The cell that an order is about, or the brush's code alone.
 * @typedef {{ code: number, pane: import('./pane.js').Pane | null, place: number }} Subject
 */

/**
 * @typedef {object} Order
 * @property {number[]} codes Of the layer, in the order shown.
 * @property {string} note What the order is.
 * @property {Map<number, string>} [notes] What it says of a code.
 * @property {Map<number, number>} [likely] Probabilities.
 */

/** @type {Record<string, (wish: Wish) => Promise<Order>>} */
export const orders = { likeness, use, prior, number };

/** @param {import('../../types.js').Model} model */
export const choicesOf = model => [
  { value: 'likeness', label: 'by likeness' },
  { value: 'use', label: 'by use' },
  ...(model.prior ? [{ value: 'prior', label: 'by what the prior thinks likely' }] : []),
  { value: 'number', label: 'by number' },
];

async function likeness({ state, subject: { code }, signal }) {
  const { model } = state;
  const answer = await ask(runPath(model.id, `codes/${state.numberOf(code)}/like`), { signal });
  const first = state.numberOf(0);
  return {
    codes: answer.numbers.map(n => n - first),
    notes: new Map(answer.numbers.map((n, i) => [n - first, `distance ${significant(answer.distances[i])}`])),
    note: `The nearest to code ${code} first.`,
  };
}

async function use({ state, report, signal }) {
  const { atlas } = state;
  await atlas.countUses(signal, (stage, fraction) => report(`${sentence(stage)} ${percent(fraction)}`));
  const uses = code => atlas.count(state.numberOf(code));
  return { codes: shownCodes(state).sort((a, b) => uses(b) - uses(a)), note: 'The most used first.' };
}

async function prior({ state, subject: { pane, place }, label, signal }) {
  const { model } = state;
  const all = shownCodes(state);
  if (!pane) return { codes: all, note: 'Choose a cell: the prior then says what is likely there.' };
  const { rows, columns } = model.prior;
  if (!pane.fitsPrior) return { codes: all, note: `The prior knows pictures of ${rows} x ${columns} codes only.` };
  const json = { codes: pane.document.codes, place, class: label || null, count: Math.min(256, model.codes) };
  const { codes, probabilities, current } = await ask(runPath(model.id, 'likely'), { json, signal });
  const likely = new Map(codes.map((code, i) => [code, probabilities[i]]));
  return {
    codes: [...codes, ...all.filter(code => !likely.has(code))],
    notes: new Map([...likely].map(([code, p]) => [code, p >= 0.005 ? percent(p) : `${significant(p * 100, 2)} %`])),
    likely,
    note:
      `The likeliest first, given the codes before it. Now: code ${current.code}, ` +
      `${ordinal(current.rank + 1)} likeliest.`,
  };
}

async function number({ state }) {
  return { codes: shownCodes(state), note: 'By number.' };
}

/** The codes of the layer that the atlas shows. @param {import('./state.js').EditorState} state */
function shownCodes(state) {
  const first = state.numberOf(0);
  return state.atlas.atlas.numbers.filter(n => n >= first && n < first + state.model.codes).map(n => n - first);
}

/** "1st", "2nd". @param {number} n */
const ordinal = n => `${n}${n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;
