/** The same test images through two models, with maps of their errors on one scale. */
import { ask, dataUrl, withQuery } from '../api.js';
import { button } from '../components/button.js';
import { ramp } from '../components/heat.js';
import { load } from '../components/waiting.js';
import { fill, h } from '../dom.js';
import { significant } from '../format.js';

const pageSize = 8;

/**
 * @param {Element} card
 * @param {import('../types.js').Run} a
 * @param {import('../types.js').Run} b
 * @param {AbortSignal} signal
 */
export function compareImages(card, a, b, signal) {
  let from = 0;
  const scale = h('span');
  const place = h('div');
  const show = () =>
    load(
      place,
      'Reconstructing',
      onProgress =>
        ask(withQuery('/api/compare/images', { a: a.id, b: b.id, split: 'test', from, count: pageSize }), {
          signal,
          onProgress,
        }),
      data => {
        fill(scale, ramp('0', `error ${significant(data.largestError, 2)}`));
        fill(
          place,
          h(
            'div',
            { class: 'compare-images' },
            data.images.map(image => row(image, a, b, data)),
          ),
        );
      },
      signal,
    );
  const turn = step => {
    from = Math.max(0, from + step);
    return show();
  };
  fill(
    card,
    h(
      'div',
      { class: 'card-head' },
      h('h2', {}, 'The same pictures'),
      h(
        'div',
        { class: 'end' },
        scale,
        button('Before', () => turn(-pageSize), { class: 'small' }),
        button('Next', () => turn(pageSize), { class: 'small' }),
      ),
    ),
    place,
  );
  show();
}

function row(image, a, b, { width, height }) {
  const what = `test image ${image.number}${image.label ? `, ${image.label}` : ''}`;
  const cell = (png, alt, caption) =>
    h(
      'figure',
      {},
      h('img', { class: 'pixels', src: dataUrl(png), alt, width, height, style: { height: 'auto' } }),
      h('figcaption', { title: caption }, caption),
    );
  return h(
    'div',
    { class: 'compare-row' },
    cell(image.original, `Original: ${what}`, `${image.number}${image.label ? ` ${image.label}` : ''}`),
    cell(image.a.image, `By ${a.name}: ${what}`, a.name),
    cell(image.a.error, `Error of ${a.name}`, `${significant(image.a.psnr)} dB`),
    cell(image.b.image, `By ${b.name}: ${what}`, b.name),
    cell(image.b.error, `Error of ${b.name}`, `${significant(image.b.psnr)} dB`),
  );
}
