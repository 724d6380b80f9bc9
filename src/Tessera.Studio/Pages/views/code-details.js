/** All about one code: where it is used, which are like it, how far it reaches. */
import { ask, askImage, runPath } from '../api.js';
import { heat, ramp } from '../components/heat.js';
import { cut, pixels } from '../components/images.js';
import { term } from '../components/term.js';
import { failed, sentence, waiting } from '../components/waiting.js';
import { debounce, fill, h } from '../dom.js';
import { count, imageName, imagesOf, percent, plural, significant } from '../format.js';
import { href } from '../router.js';

/**
 * @param {import('../types.js').Model} model
 * @param {import('../state/model.js').AtlasImage} atlas
 * @param {(number: number) => void} onChoose
 * @param {AbortSignal} signal
 */
export function codeDetails(model, atlas, onChoose, signal) {
  const tile = pixels(72, 72, '');
  const title = h('h2');
  const facts = h('p', { class: 'small muted' });
  const uses = h('div');
  const near = h('div');
  const influence = h('div');
  let wanted = -1;

  const read = debounce(async number => {
    const onProgress = waiting(uses, 'Looking for its uses');
    let data;
    try {
      data = await ask(runPath(model.id, `codebook/${number}`, { uses: 24 }), { signal, onProgress });
      if (number !== wanted) return;
      fill(
        facts,
        data.count > 0
          ? `Chosen ${plural(data.count, 'time')} on ${imagesOf(data.images, data.split)}: ` +
              `${significant(data.share * 100, 2)} % of all cells, number ${count(data.rank + 1)} by use. `
          : `Never chosen on ${imagesOf(data.images, data.split)}: a dead code, at least here. `,
        data.norm === null ? '' : `Length of its vector: ${significant(data.norm)}.`,
      );
      showNear(data);
      await showUses(number, data);
    } catch (error) {
      if (number === wanted) failed(uses, error, () => read(number));
    }
    // Each part has its own place for what goes wrong with it.
    if (data && number === wanted) await readInfluence(number, data);
  }, 80);

  const readInfluence = async (number, data) => {
    try {
      await showInfluence(number, data);
    } catch (error) {
      if (number === wanted) failed(influence, error, () => readInfluence(number, data));
    }
  };

  const showNear = data =>
    fill(
      near,
      h('h3', {}, term('likeness', 'Nearest codes')),
      h(
        'div',
        { class: 'near' },
        data.neighbours.slice(0, 12).map(other => {
          const canvas = pixels(36, 36, '');
          canvas.getContext('2d').imageSmoothingEnabled = false;
          atlas.paint(canvas.getContext('2d'), other.number, 0, 0, 36);
          return h(
            'button',
            {
              type: 'button',
              title: `Code ${other.number}, distance ${significant(other.distance)}`,
              'aria-label': `Code ${other.number}, distance ${significant(other.distance)}`,
              onclick: () => onChoose(other.number),
            },
            canvas,
            String(other.number),
          );
        }),
      ),
    );

  const showUses = async (number, data) => {
    if (data.uses.length === 0) return fill(uses);
    const path = runPath(model.id, `codebook/${number}/uses.png`, { uses: 24, v: model.modelVersion });
    const strip = await askImage(path, { signal });
    if (number !== wanted) return undefined;
    return fill(
      uses,
      h('h3', {}, data.split === 'shapes' ? 'Generated patches that chose it' : 'Real patches that chose it'),
      h(
        'div',
        { class: 'uses' },
        data.uses.map((use, i) => {
          const canvas = pixels(data.patch, data.patch, '');
          cut(canvas, strip, i * data.patch, 0);
          const name = `${sentence(imageName(data.split, use.image))}${use.label ? ` (${use.label})` : ''}`;
          const label = `${name}, row ${use.row + 1}, column ${use.column + 1}`;
          return h(
            'a',
            {
              href: href(['runs', model.id, 'editor'], {
                image: use.image,
                split: data.split,
                cell: `${use.row}.${use.column}`,
              }),
              title: `${label}: open in the editor`,
              'aria-label': label,
            },
            canvas,
          );
        }),
      ),
    );
  };

  const showInfluence = async (number, data) => {
    if (data.count === 0) return fill(influence);
    const answer = await ask(runPath(model.id, `codebook/${number}/influence`), { signal });
    if (number !== wanted) return undefined;
    if (!answer?.change) return fill(influence);
    const { side, cell, change } = answer;
    const canvas = pixels(
      side,
      side,
      `Influence: half of the change lies within ${significant(answer.radius50)} pixels`,
    );
    canvas.classList.add('influence');
    const image = new ImageData(side, side);
    const most = Math.max(...change, 1e-9);
    change.forEach((value, i) => image.data.set([...heat(value / most), 255], i * 4));
    const context = canvas.getContext('2d');
    context.putImageData(image, 0, 0);
    return fill(
      influence,
      h('h3', {}, term('influence')),
      h(
        'div',
        { class: 'influence-box' },
        canvas,
        h(
          'div',
          { class: 'small muted stack' },
          h(
            'p',
            {},
            `Half of what it changes lies within ${significant(answer.radius50)} pixels of the middle of its cell, ` +
              `${percent(0.9)} within ${significant(answer.radius90)}. The cell itself is ${cell} x ${cell}.`,
          ),
          ramp('0', significant(most, 2)),
        ),
      ),
    );
  };

  return {
    element: h(
      'div',
      { class: 'stack' },
      h('div', { class: 'code-title' }, tile, h('div', { 'aria-live': 'polite' }, title, facts)),
      uses,
      near,
      influence,
    ),
    /** @param {number} number */
    show(number) {
      if (number === wanted) return;
      wanted = number;
      for (const part of [facts, uses, near, influence]) fill(part);
      const book = Math.floor(number / model.codes);
      const name = model.codebookNames[book] ?? `codebook ${book + 1}`;
      title.textContent = `Code ${number % model.codes}${model.codebooks > 1 ? `, ${name}` : ''}`;
      const context = tile.getContext('2d');
      context.imageSmoothingEnabled = false;
      context.clearRect(0, 0, 72, 72);
      atlas.paint(context, number, 0, 0, 72, true);
      read(number);
    },
  };
}
