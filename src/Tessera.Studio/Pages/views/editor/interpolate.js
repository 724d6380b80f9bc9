/** Walks from picture A to picture B. */
import { ask, dataUrl, runPath } from '../../api.js';
import { button } from '../../components/button.js';
import { select } from '../../components/field.js';
import { term } from '../../components/term.js';
import { fill, h } from '../../dom.js';
import { percent } from '../../format.js';

/**
 * @param {string} run
 * @param {() => { from: import('../../types.js').Tokens, to: import('../../types.js').Tokens }} ends
 * @param {(tokens: import('../../types.js').Tokens) => void} onTake A frame to go on with.
 * @param {AbortSignal} signal
 */
export function interpolation(run, ends, onTake, signal) {
  let space = 'latents';
  let steps = '9';
  let frames = [];
  let size = { rows: 0, columns: 0 };
  let at = 0;
  const strip = h('div', { class: 'frames', role: 'group', 'aria-label': 'Frames between A and B' });
  const text = h('span', { class: 'small muted', role: 'status' });
  const take = button('Use as picture A', () => onTake({ ...size, codes: frames[at].codes }), { class: 'small' });
  take.disabled = true;

  const show = i => {
    at = i;
    [...strip.children].forEach((element, j) => element.setAttribute('aria-pressed', String(i === j)));
    const frame = frames[i];
    const note = frame.codes ? '' : ': between codes, so it has none of its own';
    text.textContent = `${percent(frame.t)} of the way${note}`;
    take.disabled = !frame.codes;
  };

  const walk = async () => {
    const { from, to } = ends();
    if (from.rows !== to.rows || from.columns !== to.columns)
      throw new Error('The two pictures must have the same size.');
    const json = {
      rows: from.rows,
      columns: from.columns,
      from: from.codes,
      to: to.codes,
      steps: Number(steps),
      space,
    };
    size = { rows: from.rows, columns: from.columns };
    frames = (await ask(runPath(run, 'interpolate'), { json, signal })).frames;
    fill(
      strip,
      frames.map((frame, i) =>
        h(
          'button',
          {
            type: 'button',
            'aria-pressed': 'false',
            'aria-label': `Frame ${i + 1} of ${frames.length}`,
            onclick: () => show(i),
          },
          h('img', { class: 'pixels', src: dataUrl(frame.image), alt: '' }),
        ),
      ),
    );
    show(Math.floor(frames.length / 2));
  };

  return h(
    'section',
    { class: 'card stack' },
    h(
      'div',
      { class: 'card-head' },
      h('h2', {}, term('interpolation', 'From A to B')),
      h(
        'div',
        { class: 'end' },
        select(
          'Way',
          [
            { value: 'latents', label: 'straight between vectors' },
            { value: 'codes', label: 'code after code' },
          ],
          space,
          value => {
            space = value;
          },
          { isPlain: true },
        ).element,
        select(
          'Frames',
          // Of the largest pictures the server makes three.
          ['3', '5', '9', '17', '33'].map(value => ({ value, label: `${value} frames` })),
          steps,
          value => {
            steps = value;
          },
          { isPlain: true },
        ).element,
        button('Interpolate', walk, { class: 'small primary' }),
      ),
    ),
    strip,
    h('div', { class: 'row' }, text, take),
  );
}
