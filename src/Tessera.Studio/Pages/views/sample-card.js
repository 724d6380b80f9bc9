/** One picture that the prior draws. */
import { dataUrl } from '../api.js';
import { button } from '../components/button.js';
import { heat } from '../components/heat.js';
import { icon } from '../components/icon.js';
import { cut, loadImage, pixels } from '../components/images.js';
import { problem } from '../components/toast.js';
import { h } from '../dom.js';
import { significant } from '../format.js';
import { href } from '../router.js';
import { toText } from './editor/link.js';

/**
 * Strips that several cards share are decoded once.
 * @type {{ png: string, image: Promise<HTMLImageElement> } | null}
 */
let lastStrip = null;

/**
 * @param {import('../types.js').Model} model
 * @param {{ seed: number, number: number, label: string | null }} about
 */
export function sampleCard(model, { seed, number, label }) {
  const { rows, columns } = model.prior;
  const name = `Sample ${number}${label ? `, ${label}` : ''}, seed ${seed}`;
  const height = rows * model.pixelsPerCode;
  const width = columns * model.pixelsPerCode;
  const picture = pixels(width, height, name);
  const map = pixels(columns, rows, `Surprise of each cell of ${name}`);
  map.hidden = true;
  const text = h('span', { class: 'small muted' }, '…');
  const nats = [];
  let isKept = false;

  const keep = button(
    'Keep',
    () => {
      isKept = !isKept;
      keep.setAttribute('aria-pressed', String(isKept));
      element.classList.toggle('kept', isKept);
    },
    { icon: 'keep', iconOnly: true, class: 'small', pressed: false, title: 'Keep it when others are drawn' },
  );
  const edit = h(
    'a',
    {
      class: 'button icon small',
      'aria-label': `Edit ${name}`,
      title: 'Open in the token editor',
      style: { visibility: 'hidden' },
    },
    icon('edit'),
  );
  keep.disabled = true;
  const element = h(
    'li',
    { class: 'sample' },
    picture,
    map,
    h('div', { class: 'row' }, text, h('span', { class: 'buttons' }, keep, edit)),
  );

  /** A cell is as surprising as its codes are on average. */
  const drawMap = () => {
    const image = new ImageData(columns, rows);
    const perCell = model.perCell;
    for (let cell = 0; cell < rows * columns; cell++) {
      const own = nats.slice(cell * perCell, (cell + 1) * perCell);
      if (own.length === 0) break;
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      image.data.set([...heat(mean / 10), 255], cell * 4);
    }
    map.getContext('2d').putImageData(image, 0, 0);
  };

  return {
    element,
    get isKept() {
      return isKept;
    },
    /** @param {number} from @param {number[]} codes @param {number[]} added */
    addCodes(from, codes, added) {
      added.forEach((value, i) => {
        nats[from + i] = value;
      });
      if (!map.hidden) drawMap();
    },
    /** @param {string} png All pictures of the drawing, in a row. @param {number} place */
    showStrip(png, place) {
      if (lastStrip?.png !== png) lastStrip = { png, image: loadImage(dataUrl(png)) };
      lastStrip.image
        .then(image => {
          const side = image.naturalHeight;
          cut(picture, image, place * ((side * width) / height), 0, (side * width) / height, side);
        })
        .catch(problem);
    },
    /** @param {number[]} codes @param {number[]} all @param {number} mean @param {string} png */
    finish(codes, all, mean, png) {
      nats.splice(0, nats.length, ...all);
      if (!map.hidden) drawMap();
      loadImage(dataUrl(png))
        .then(image => cut(picture, image, 0, 0, image.naturalWidth, image.naturalHeight))
        .catch(problem);
      text.textContent = `${significant(mean)} nats`;
      keep.disabled = false;
      edit.style.visibility = 'visible';
      edit.href = href(['runs', model.id, 'editor'], {
        a: toText({ rows, columns, codes }, model.codes),
        weights: model.weights,
      });
    },
    /** @param {boolean} isOn */
    showNats(isOn) {
      map.hidden = !isOn;
      picture.hidden = isOn;
      map.style.aspectRatio = `${columns} / ${rows}`;
      if (isOn) drawMap();
    },
  };
}
