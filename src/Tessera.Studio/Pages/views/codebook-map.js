/** The codes as points: near ones are alike. */
import { button } from '../components/button.js';
import { h, perFrame } from '../dom.js';
import { plural } from '../format.js';
import { color, onTheme } from '../theme.js';
import { mapGestures } from './map-gestures.js';

/**
 * @param {{ numbers: number[], umap: number[][] | null, pca: number[][] }} data
 * @param {import('../types.js').Model} model
 * @param {import('../state/model.js').AtlasImage} atlas
 * @param {{ onChoose: (number: number) => void, onHover: (number: number | null) => void }} actions
 * @param {AbortSignal} signal
 */
export function codebookMap(data, model, atlas, actions, signal) {
  let projection = data.umap ? 'umap' : 'pca';
  let book = 0;
  let chosen = -1;
  let hovered = -1;
  let scale = 1;
  /** What is in the middle, in units of the side. */
  let middle = [0.5, 0.5];
  /** @type {{ number: number, x: number, y: number }[]} x and y from 0 to 1. */
  let points = [];

  const canvas = h('canvas', { 'aria-hidden': 'true' });
  const said = h('span', { class: 'unseen', 'aria-live': 'polite' });
  const element = h(
    'div',
    {
      class: 'map',
      tabindex: 0,
      role: 'application',
      'aria-label': 'Map of the codes. The arrow keys go to the next code that way.',
    },
    canvas,
    said,
  );
  const most = Math.max(1, ...atlas.uses.counts);

  const place = () => {
    const all = data[projection];
    const mine = data.numbers
      .map((number, i) => ({ number, x: all[i][0], y: all[i][1] }))
      .filter(point => Math.floor(point.number / model.codes) === book);
    const [left, right, top, bottom] = [
      Math.min(...mine.map(p => p.x)),
      Math.max(...mine.map(p => p.x)),
      Math.min(...mine.map(p => p.y)),
      Math.max(...mine.map(p => p.y)),
    ];
    const side = Math.max(right - left, bottom - top, 1e-9) * 1.08;
    points = mine.map(({ number, x, y }) => ({
      number,
      x: (x - (left + right) / 2) / side + 0.5,
      y: 0.5 - (y - (top + bottom) / 2) / side,
    }));
  };

  const toScreen = ({ x, y }, side) => [((x - middle[0]) * scale + 0.5) * side, ((y - middle[1]) * scale + 0.5) * side];

  const draw = perFrame(() => {
    const side = element.clientWidth;
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(side * ratio)) canvas.width = canvas.height = Math.round(side * ratio);
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, side, side);
    const edge = color('--line-strong');
    for (const point of points) {
      const [x, y] = toScreen(point, side);
      const uses = atlas.count(point.number);
      const radius = (2.5 + (4.5 * Math.log1p(uses)) / Math.log1p(most)) * Math.sqrt(scale);
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.fillStyle = atlas.color(point.number);
      context.globalAlpha = uses > 0 ? 1 : 0.35;
      context.fill();
      context.globalAlpha = 1;
      context.lineWidth = 0.75;
      context.strokeStyle = edge;
      context.stroke();
    }
    for (const number of [chosen, hovered]) {
      const point = points.find(item => item.number === number);
      if (point) spotlight(context, point, side, number === chosen);
    }
  }, signal);

  const spotlight = (context, point, side, isChosen) => {
    const [x, y] = toScreen(point, side);
    const size = isChosen ? 36 : 28;
    const left = Math.min(side - size - 3, Math.max(3, x - size / 2));
    const top = Math.min(side - size - 3, Math.max(3, y - size / 2));
    context.imageSmoothingEnabled = false;
    atlas.paint(context, point.number, left, top, size);
    context.lineWidth = 3;
    context.strokeStyle = color(isChosen ? '--accent' : '--text');
    context.strokeRect(left, top, size, size);
    context.lineWidth = 1;
    context.strokeStyle = color('--raised');
    context.strokeRect(left - 2, top - 2, size + 4, size + 4);
  };

  const nearest = event => {
    const box = element.getBoundingClientRect();
    const at = [event.clientX - box.left, event.clientY - box.top];
    let best = -1;
    let least = 24;
    for (const point of points) {
      const [x, y] = toScreen(point, box.width);
      const distance = Math.hypot(x - at[0], y - at[1]);
      if (distance < least) [best, least] = [point.number, distance];
    }
    return best;
  };

  const choose = number => {
    chosen = number;
    said.textContent = `Code ${number}, used ${plural(atlas.count(number), 'time')}`;
    draw();
  };

  const step = (dx, dy) => {
    const from = points.find(point => point.number === chosen) ?? points[0];
    let best = null;
    let least = Infinity;
    for (const point of points) {
      const along = (point.x - from.x) * dx + (point.y - from.y) * dy;
      const across = Math.abs((point.x - from.x) * dy - (point.y - from.y) * dx);
      if (along <= 1e-9 || across > along * 1.2) continue;
      const distance = along + across * 2;
      if (distance < least) [best, least] = [point, distance];
    }
    if (!best) return;
    choose(best.number);
    actions.onChoose(best.number);
  };

  const zoom = (factor, x = 0.5, y = 0.5) => {
    const next = Math.min(12, Math.max(1, scale * factor));
    // The place under the pointer stays where it is.
    middle = [middle[0] + (x - 0.5) * (1 / scale - 1 / next), middle[1] + (y - 0.5) * (1 / scale - 1 / next)];
    scale = next;
    if (scale === 1) middle = [0.5, 0.5];
    // A finger scrolls the page, unless there is something to move here.
    element.style.touchAction = scale > 1 ? 'none' : 'pan-y';
    draw();
  };

  mapGestures(element, {
    zoom,
    grab: () => {
      if (scale === 1) return null;
      const from = middle;
      return (x, y) => {
        middle = [from[0] - x / scale, from[1] - y / scale];
        draw();
      };
    },
    point: event => {
      const number = nearest(event);
      if (number === hovered) return;
      hovered = number;
      actions.onHover(number < 0 ? null : number);
      draw();
    },
    click: event => {
      const number = nearest(event);
      if (number < 0) return;
      choose(number);
      actions.onChoose(number);
    },
  });
  element.addEventListener('pointerleave', () => {
    hovered = -1;
    actions.onHover(null);
    draw();
  });
  element.addEventListener('keydown', event => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in steps) step(...steps[event.key]);
    else if (event.key === '+') zoom(1.3);
    else if (event.key === '-') zoom(1 / 1.3);
    else return;
    event.preventDefault();
  });

  place();
  const observer = new ResizeObserver(draw);
  observer.observe(element);
  signal.addEventListener('abort', () => observer.disconnect());
  onTheme(draw, signal);
  const act = (label, icon, factor) =>
    button(label, () => zoom(factor), { icon, iconOnly: true, class: 'small' });
  return {
    element: h(
      'div',
      { class: 'map-box' },
      element,
      h(
        'div',
        { class: 'buttons', role: 'group', 'aria-label': 'Size of the map' },
        act('Enlarge', 'plus', 1.5),
        act('Make smaller', 'minus', 1 / 1.5),
        act('Whole map', 'whole', 1 / 12),
      ),
    ),
    choose,
    focus: () => element.focus(),
    /** @param {number | null} number */
    hover(number) {
      hovered = number ?? -1;
      draw();
    },
    /** @param {'umap' | 'pca'} name */
    project(name) {
      if (!data[name]) return;
      projection = name;
      place();
      zoom(1 / 12);
    },
    /** @param {number} n */
    showBook(n) {
      book = n;
      place();
      draw();
    },
  };
}
