/** Half a picture that the prior is to complete: which picture, and which of its cells stay. */
import { ask, dataUrl, runPath } from '../api.js';
import { button } from '../components/button.js';
import { pickImage } from '../components/image-picker.js';
import { loadImage } from '../components/images.js';
import { TileGrid } from '../components/tile-grid.js';
import { problem } from '../components/toast.js';
import { fill, h } from '../dom.js';
import { color } from '../theme.js';

/**
 * @param {import('../types.js').Model} model
 * @param {AbortSignal} signal
 */
export function completion(model, signal) {
  const { rows, columns } = model.prior;
  /** @type {import('../types.js').Encoded | null} */
  let picture = null;
  let image = null;
  let cells = [];
  let isKeeping = true;
  const element = h('div', { class: 'field' });

  const grid = new TileGrid(
    {
      label: 'Cells that stay',
      columns,
      below: (context, width, height) => {
        if (image) context.drawImage(image, 0, 0, width, height);
      },
      paint(context, i, x, y, size) {
        if (cells[i]) return;
        context.globalAlpha = 0.82;
        context.fillStyle = color('--sunken');
        context.fillRect(x, y, size, size);
        context.globalAlpha = 1;
      },
      describe: i =>
        `Row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1}: ${cells[i] ? 'stays' : 'is drawn'}`,
      onDown: i => {
        isKeeping = !cells[i];
        set(i);
      },
      onDrag: i => set(i),
    },
    signal,
  );

  const set = i => {
    cells[i] = isKeeping;
    grid.describeAgain();
    grid.draw();
  };

  const keepWhere = test => {
    cells = Array.from({ length: rows * columns }, (_, i) => test(Math.floor(i / columns), i % columns));
    grid.draw();
  };

  const open = async source => {
    try {
      const isFile = source instanceof File;
      picture = await ask(runPath(model.id, 'encode', isFile ? { size: 'run' } : {}), {
        ...(isFile ? { file: source } : { json: source }),
        signal,
      });
      if (picture.rows !== rows || picture.columns !== columns) {
        throw new Error(
          `The prior completes pictures of ${rows} x ${columns} codes, not ${picture.rows} x ${picture.columns}.`,
        );
      }
      image = await loadImage(dataUrl(picture.reconstruction), signal);
      keepWhere(row => row < rows / 2);
      show();
    } catch (error) {
      picture = null;
      problem(error);
      show();
    }
  };

  const choose = () => pickImage(model.id, open, signal);
  const show = () => {
    if (!picture)
      return fill(
        element,
        h('div', { class: 'label' }, 'Complete a picture'),
        h('div', {}, button('Choose a picture', choose, { class: 'small', icon: 'picture' })),
      );
    fill(
      element,
      h('div', { class: 'label' }, `Complete ${picture.name}`),
      h(
        'div',
        { class: 'complete' },
        grid.element,
        h(
          'div',
          { class: 'fields' },
          button('Keep upper half', () => keepWhere(row => row < rows / 2), { class: 'small' }),
          button('Keep left half', () => keepWhere((_, column) => column < columns / 2), { class: 'small' }),
          button(
            'None',
            () => {
              picture = null;
              show();
            },
            { class: 'small quiet', icon: 'close' },
          ),
        ),
      ),
      h(
        'div',
        { class: 'hint' },
        'What is covered is drawn anew; click cells to change that. ',
        'The prior reads row by row: it sees only what is above and to the left.',
      ),
    );
    return grid.resize(rows * columns);
  };

  show();
  return {
    element,
    /** What the API takes; null: a whole picture is drawn. */
    get value() {
      return picture ? { codes: picture.codes, cells } : null;
    },
  };
}
