/** The same test images through two models, with maps of their errors on one scale. */
import { ask, dataUrl, withQuery } from '../api.js';
import { button } from '../components/button.js';
import { ramp } from '../components/heat.js';
import { load } from '../components/waiting.js';
import { fill, h } from '../dom.js';
import { count, imageName, significant } from '../format.js';

const pageSize = 8;

/**
 * @param {Element} card
 * @param {import('../types.js').Run} a
 * @param {import('../types.js').Run} b
 * @param {AbortSignal} signal
 */
export function compareImages(card, a, b, signal) {
  let from = 0;
  let split = 'test';
  let turned = new AbortController();
  const read = (onProgress, shown) => {
    const query = { a: a.id, b: b.id, split, from, count: pageSize };
    return ask(withQuery('/api/compare/images', query), { signal: shown, onProgress });
  };
  const title = h('span', { class: 'small muted' });
  const scale = h('span');
  const place = h('div');
  const show = () => {
    // A page that comes after another was asked for must not take its place.
    turned.abort();
    turned = new AbortController();
    const shown = AbortSignal.any([signal, turned.signal]);
    return load(
      place,
      'Reconstructing',
      onProgress =>
        read(onProgress, shown).catch(error => {
          if (error.status !== 422 || split !== 'test') throw error;
          // The images of the runs are not on this machine: those that the program makes itself.
          split = 'shapes';
          return read(onProgress, shown);
        }),
      data => {
        before.disabled = from === 0;
        next.disabled = from + pageSize >= data.count;
        title.textContent = `${data.name}, ${count(data.count)} pictures`;
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
      shown,
    );
  };
  const turn = step => {
    from = Math.max(0, from + step);
    return show();
  };
  const before = button('Before', () => turn(-pageSize), { class: 'small' });
  const next = button('Next', () => turn(pageSize), { class: 'small' });
  // How many pages there are comes with the first.
  before.disabled = next.disabled = true;
  fill(
    card,
    h(
      'div',
      { class: 'card-head' },
      h('h2', {}, 'The same pictures'),
      h('div', { class: 'end' }, title, scale, h('span', { class: 'buttons' }, before, next)),
    ),
    place,
  );
  show();
}

function row(image, a, b, { width, height, split }) {
  const what = `${imageName(split, image.number)}${image.label ? `, ${image.label}` : ''}`;
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
