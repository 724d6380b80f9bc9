/** The same eight test images through time, and which codes were in use, at one slider. */
import { ask, runPath } from '../api.js';
import { button } from '../components/button.js';
import { icon } from '../components/icon.js';
import { loadImage, stripOf } from '../components/images.js';
import { term } from '../components/term.js';
import { TileGrid } from '../components/tile-grid.js';
import { problem } from '../components/toast.js';
import { heatColor, ramp } from '../components/heat.js';
import { fill, h, newId } from '../dom.js';
import { count, plural } from '../format.js';
import { findRun } from '../state/runs.js';
import { calm, color } from '../theme.js';

const texts = {
  before: 'No pictures yet: the first come after the first update.',
  without: 'This run has kept no pictures of how it learnt.',
};

/**
 * @param {import('../types.js').Run} run
 * @param {AbortSignal} signal
 */
export function livePictures(run, signal) {
  let updates = [];
  let isAtEnd = true;
  let wanted = 0;
  let strips = null;
  let isDown = false;
  /** @type {Map<number, Promise<any>>} */
  const known = new Map();

  const id = newId();
  const slider = h('input', {
    type: 'range',
    id,
    min: 0,
    max: 0,
    value: 0,
    'aria-label': 'Update of the pictures',
    oninput: () => moved(),
  });
  const at = h('output', { for: id, class: 'number' }, '–');
  const play = button('Play', () => (timer ? pause() : playFrom()), { icon: 'play', iconOnly: true, class: 'small' });
  const pictures = h('div', { class: 'stack' });
  const usage = usageGrid(signal);
  const note = h('p', { class: 'muted small' });
  const element = h(
    'div',
    { class: 'live-grid' },
    h(
      'section',
      { class: 'card' },
      h('div', { class: 'card-head' }, h('h2', {}, 'Eight test images through time')),
      h('div', { class: 'stack' }, h('div', { class: 'time' }, play, slider, at), pictures, note),
    ),
    usage.element,
  );
  let timer = 0;

  const moved = () => {
    isAtEnd = Number(slider.value) === updates.length - 1;
    show(Number(slider.value));
  };

  const show = async place => {
    if (updates.length === 0) return;
    wanted = place;
    const update = updates[place];
    at.textContent = `update ${count(update)}`;
    slider.setAttribute('aria-valuetext', `update ${update}`);
    if (isDown) return;
    isDown = true;
    try {
      const [image, codes] = await read(update);
      if (signal.aborted) return;
      strips?.recon.show(image);
      usage.show(codes);
    } catch (error) {
      known.delete(update);
      if (error.status !== 404) problem(error);
    } finally {
      isDown = false;
    }
    // The slider may have moved on meanwhile: only its newest place counts.
    if (wanted !== place && !signal.aborted) show(wanted);
  };

  const read = update => {
    if (!known.has(update)) known.set(update, readNew(update));
    return known.get(update);
  };

  // A resumed run deletes what came after its checkpoint. The answer for the codes then has the status 404; the failure
  // of a picture has none.
  const readNew = async update => {
    const codes = () => ask(runPath(run.id, `snapshots/${update}/codes`), { signal });
    try {
      return await Promise.all([loadImage(runPath(run.id, `snapshots/${update}.png`), signal), codes()]);
    } catch (error) {
      await codes();
      throw error;
    }
  };

  const setUpdates = list => {
    updates = list;
    slider.max = String(Math.max(0, list.length - 1));
    slider.disabled = list.length < 2;
    play.disabled = list.length < 2;
    note.textContent = (findRun(run.id) ?? run).state === 'running' ? texts.before : texts.without;
    note.hidden = list.length > 0;
    if (isAtEnd || Number(slider.value) >= list.length) slider.value = String(list.length - 1);
    if (list.length > 0) show(Number(slider.value));
  };

  const load = async () => {
    try {
      const answer = await ask(runPath(run.id, 'snapshots'), { signal });
      if (answer.original && !strips) {
        strips = {
          original: stripOf(answer.count, answer.width, answer.height, i => `Test image ${i}`),
          recon: stripOf(answer.count, answer.width, answer.height, i => `Reconstruction of test image ${i}`),
        };
        fill(
          pictures,
          h('div', { class: 'pair' }, h('span', { class: 'small muted' }, 'original'), strips.original.element),
          h('div', { class: 'pair' }, h('span', { class: 'small muted' }, 'reconstructed'), strips.recon.element),
        );
        loadImage(answer.original, signal)
          .then(image => strips.original.show(image))
          .catch(problem);
      }
      setUpdates(answer.updates);
    } catch (error) {
      problem(error);
    }
  };

  const showPlay = (label, name) => {
    play.setAttribute('aria-label', label);
    play.title = label;
    fill(play, icon(name));
  };

  const pause = () => {
    clearInterval(timer);
    timer = 0;
    showPlay('Play', 'play');
  };

  const playFrom = () => {
    if (Number(slider.value) >= updates.length - 1) slider.value = '0';
    showPlay('Pause', 'pause');
    moved();
    timer = setInterval(
      () => {
        if (Number(slider.value) >= updates.length - 1) return pause();
        slider.value = String(Number(slider.value) + 1);
        return moved();
      },
      calm() ? 1000 : 220,
    );
  };

  signal.addEventListener('abort', pause);
  load();
  return {
    element,
    reload() {
      known.clear();
      load();
    },
    /** @param {number[]} added */
    add(added) {
      if (!strips) return load();
      return setUpdates([...new Set([...updates, ...added])].sort((a, b) => a - b));
    },
  };
}

/** Codes in use, as a grid that lights up. */
function usageGrid(signal) {
  let counts = [];
  let most = 1;
  const text = h('p', { class: 'small muted', role: 'status', style: { 'margin-bottom': '8px' } }, ' ');
  const grid = new TileGrid(
    {
      label: 'Codes in use',
      cell: 14,
      scrolls: true,
      paint(context, i, x, y, size) {
        context.fillStyle = counts[i]
          ? heatColor(0.25 + (0.75 * Math.log1p(counts[i])) / Math.log1p(most))
          : color('--sunken');
        context.fillRect(x + 0.5, y + 0.5, size - 1, size - 1);
      },
      describe: i => `Code ${i}: ${counts[i] ? `chosen ${plural(counts[i], 'time')}` : 'not in use'}`,
      onHover: i => {
        hovered.textContent = i < 0 ? '' : `code ${i}: ${plural(counts[i], 'time')}`;
      },
      onMove: i => {
        hovered.textContent = `code ${i}: ${plural(counts[i], 'time')}`;
      },
    },
    signal,
  );
  grid.element.style.maxHeight = 'min(480px, 60dvh)';
  const hovered = h('span', { class: 'small muted' });
  return {
    element: h(
      'section',
      { class: 'card' },
      h(
        'div',
        { class: 'card-head' },
        h('h2', {}, term('codes_used', 'Codes in use')),
        h('div', { class: 'end' }, hovered),
      ),
      text,
      grid.element,
      h('div', { style: { 'margin-top': '8px' } }, ramp('once', 'often')),
    ),
    /** @param {{ counts: number[], images: number, codebooks: number }} data */
    show(data) {
      const isNewSize = counts.length !== data.counts.length;
      counts = data.counts;
      most = counts.reduce((largest, n) => Math.max(largest, n), 1);
      const used = counts.filter(n => n > 0).length;
      text.textContent = `${count(used)} of ${count(counts.length)} chosen at least once on ${data.images} images.`;
      if (isNewSize) grid.resize(counts.length);
      else grid.draw();
    },
  };
}
