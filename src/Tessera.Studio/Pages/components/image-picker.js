/** A dialog to choose a picture: one of the data set's, or a file. */
import { ask, askImage, runPath } from '../api.js';
import { fill, h } from '../dom.js';
import { count } from '../format.js';
import { button } from './button.js';
import { openDialog } from './dialog.js';
import { select } from './field.js';
import { cut, pixels } from './images.js';
import { failed, waiting } from './waiting.js';

/** @typedef {{ split: string, number: number }} ImageNumber */

const pageSize = 40;

/**
 * @param {string} run
 * @param {(image: ImageNumber | File) => void} onChoose
 * @param {AbortSignal} signal
 * @param {{ accept?: string, text?: string }} [options]
 */
export function pickImage(run, onChoose, signal, { accept = 'image/*', text = 'a picture' } = {}) {
  openDialog(
    'Choose a picture',
    close => {
      const choose = image => {
        close();
        onChoose(image);
      };
      return [fileZone(choose, accept, text), dataSet(run, choose, signal)];
    },
    { isWide: true, signal },
  );
}

function fileZone(choose, accept, text) {
  const input = h('input', {
    type: 'file',
    accept,
    class: 'unseen',
    tabindex: -1,
    'aria-hidden': 'true',
    onchange: () => input.files[0] && choose(input.files[0]),
  });
  return h(
    'div',
    {
      class: 'dropzone',
      ondragover: event => event.preventDefault(),
      ondrop: event => {
        event.preventDefault();
        event.stopPropagation();
        const file = event.dataTransfer.files[0];
        if (file) choose(file);
      },
    },
    input,
    `Drop ${text} here, or `,
    button('choose a file', () => input.click(), { class: 'small' }),
  );
}

function dataSet(run, choose, signal) {
  let split = 'test';
  let from = 0;
  let images = null;
  let turns = 0;
  const grid = h('div', { class: 'picker-grid' });
  const title = h('h3');
  const number = h('input', { type: 'number', min: 0, value: 0, 'aria-label': 'First picture shown' });
  number.style.width = '96px';
  number.addEventListener('change', () => turn(Math.trunc(Number(number.value)) || 0));

  const turn = async first => {
    const mine = ++turns;
    try {
      let onProgress;
      if (!images || images.split !== split) {
        onProgress = waiting(grid, 'Reading the data set');
        const answer = await ask(runPath(run, 'images', { split }), { signal, onProgress });
        if (mine !== turns) return;
        images = answer;
      }
      from = Math.max(0, Math.min(first, images.count - 1));
      number.value = String(from);
      before.disabled = from === 0;
      next.disabled = from + pageSize >= images.count;
      title.textContent = `${images.name}, ${count(images.count)} pictures`;
      const shown = Math.min(pageSize, images.count - from);
      const path = runPath(run, 'images/strip.png', { split, from, count: shown });
      const strip = await askImage(path, { signal, onProgress });
      if (mine !== turns) return;
      fill(
        grid,
        Array.from({ length: shown }, (_, i) => {
          const canvas = pixels(images.width, images.height, '');
          cut(canvas, strip, i * images.width, 0);
          return h(
            'button',
            {
              type: 'button',
              'aria-label': `Picture ${from + i}`,
              title: `Picture ${from + i}`,
              onclick: () => choose({ split, number: from + i }),
            },
            canvas,
          );
        }),
      );
    } catch (error) {
      if (mine === turns) failed(grid, error, () => turn(first));
    }
  };

  const before = button('Before', () => turn(from - pageSize), { class: 'small' });
  const next = button('Next', () => turn(from + pageSize), { class: 'small' });
  turn(0);
  return h(
    'section',
    { class: 'stack' },
    h(
      'div',
      { class: 'row' },
      title,
      h(
        'div',
        { class: 'row', style: { 'margin-left': 'auto' } },
        select(
          'Split',
          [
            { value: 'test', label: 'test' },
            { value: 'train', label: 'train' },
            { value: 'shapes', label: 'shapes made here' },
          ],
          split,
          value => {
            split = value;
            turn(0);
          },
          { isPlain: true },
        ).element,
        before,
        number,
        next,
        button('Random', () => turn(Math.floor(Math.random() * (images?.count ?? 1))), { class: 'small' }),
      ),
    ),
    grid,
  );
}
