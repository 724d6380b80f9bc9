/** New pictures, drawn code by code by the prior. */
import { ask, runPath } from '../api.js';
import { button } from '../components/button.js';
import { checkbox, select, slider } from '../components/field.js';
import { ramp } from '../components/heat.js';
import { runHead } from '../components/run-head.js';
import { addShortcuts } from '../components/shortcuts.js';
import { spokenLine } from '../components/spoken.js';
import { term } from '../components/term.js';
import { problem } from '../components/toast.js';
import { load } from '../components/waiting.js';
import { fill, h } from '../dom.js';
import { plural, significant } from '../format.js';
import { href } from '../router.js';
import { loadModel } from '../state/model.js';
import { listen } from '../stream.js';
import { completion } from './sample-complete.js';
import { sampleCard } from './sample-card.js';
import { firstModel } from './first-model.js';
import { staleNotice } from './stale.js';

/** @param {Element} root @param {import('../types.js').Context} context */
export async function mount(root, { path, signal }) {
  const id = path[1];
  const body = h('div');
  fill(root, runHead(id, 'samples', signal), body);
  await firstModel(body, id, signal);
  await load(
    body,
    'Opening the model',
    () => loadModel(id, signal),
    model => {
      if (model.prior) show(body, model, signal);
      else fill(body, withoutPrior(model));
    },
    signal,
  );
}

function withoutPrior(model) {
  return h(
    'div',
    { class: 'blank' },
    h('h2', {}, 'No prior yet'),
    h(
      'p',
      {},
      model.priorMessage ??
        'A tokenizer alone can only repeat pictures. To draw new ones it needs a prior: ' +
          'a second network that learns which codes follow which.',
    ),
    !model.priorMessage &&
      h('a', { class: 'button primary', href: href(['start'], { kind: 'prior', run: model.id }) }, 'Train a prior'),
    term('prior', 'What is a prior?'),
  );
}

function show(body, model, signal) {
  const { prior } = model;
  const wish = { count: 16, class: null, guidance: 1, topP: 1, temperature: 1, seed: 1 };
  /** @type {ReturnType<typeof sampleCard>[]} */
  let cards = [];
  let isShowingNats = false;
  let drawing = null;
  let isStarting = false;
  const grid = h('ul', { class: 'sample-grid', 'aria-label': 'Samples' });
  const state = spokenLine('Nothing drawn yet.');
  const keep = completion(model, signal);

  const seed = slider('Seed', { min: 0, max: 999, step: 1, value: wish.seed, term: 'seed' }, value => {
    wish.seed = value;
  });
  const fields = h(
    'div',
    { class: 'fields' },
    prior.classes.length > 0 &&
      select(
        'Class',
        [{ value: '', label: 'any class' }, ...prior.classes.map(name => ({ value: name, label: name }))],
        '',
        value => {
          wish.class = value || null;
        },
      ).element,
    slider('Guidance', { min: 0, max: 6, step: 0.1, value: 1, term: 'guidance' }, value => {
      wish.guidance = value;
    }).element,
    slider('Nucleus (top-p)', { min: 0.05, max: 1, step: 0.01, value: 1, term: 'nucleus' }, value => {
      wish.topP = value;
    }).element,
    slider('Temperature', { min: 0.1, max: 2, step: 0.05, value: 1, term: 'temperature' }, value => {
      wish.temperature = value;
    }).element,
    seed.element,
    slider('Pictures', { min: 1, max: 64, step: 1, value: wish.count }, value => {
      wish.count = value;
    }).element,
  );

  const start = async () => {
    if (isStarting) return;
    isStarting = true;
    try {
      await begin();
    } catch (error) {
      stop.disabled = true;
      throw error;
    } finally {
      isStarting = false;
    }
  };

  const begin = async () => {
    drawing?.abort();
    const mine = (drawing = new AbortController());
    stop.disabled = false;
    const kept = cards.filter(card => card.isKept);
    const missing = Math.max(1, wish.count - kept.length);
    const json = { ...wish, count: missing, topK: 0, first: 0, keep: keep.value };
    // Not ended with the view: a drawing that has begun must be known, so that it can be ended.
    const answer = await ask(runPath(model.id, 'samples'), { json });
    if (mine.signal.aborted || signal.aborted) return end(answer);
    const added = Array.from({ length: missing }, (_, i) =>
      sampleCard(model, { seed: answer.seed, number: i, label: wish.class }),
    );
    cards = [...kept, ...added];
    for (const card of added) card.showNats(isShowingNats);
    fill(
      grid,
      cards.map(card => card.element),
    );
    return follow(answer, added, mine);
  };

  /** The server need not draw on. */
  const end = answer => ask(`/api/samples/${answer.id}`, { method: 'DELETE' }).catch(() => {});

  const follow = (answer, added, mine) => {
    const ends = AbortSignal.any([signal, mine.signal]);
    const cells = answer.rows * answer.columns * answer.perCell;
    // Left or drawn anew.
    ends.addEventListener('abort', () => end(answer), { once: true });
    const finish = text => {
      state.set(text, { isLast: true });
      stop.disabled = true;
      if (drawing === mine) drawing = null;
      mine.abort();
    };
    listen(
      `/api/samples/${answer.id}/events`,
      {
        codes: data => {
          added.forEach((card, i) => card.addCodes(data.from, data.codes[i], data.nats[i]));
          state.set(`Drawing: ${data.to} of ${cells} codes of each picture`);
        },
        image: data => added.forEach((card, i) => card.showStrip(data.image, i)),
        done: data => {
          added.forEach((card, i) => card.finish(data.codes[i], data.nats[i], data.means[i], data.images[i]));
          const mean = data.means.reduce((sum, value) => sum + value, 0) / data.means.length;
          finish(
            `${plural(added.length, 'picture')}, seed ${answer.seed}: ${significant(mean)} nats a code on average.`,
          );
        },
        failed: data => {
          problem(new Error(data.error));
          finish(data.error);
        },
        close: () => finish('The drawing was ended.'),
      },
      ends,
      { keepHidden: true },
    );
  };

  const stop = button(
    'Stop',
    () => {
      drawing?.abort();
      drawing = null;
      stop.disabled = true;
      state.set('Stopped.', { isLast: true });
    },
    { icon: 'stop' },
  );
  stop.disabled = true;
  const another = async () => {
    if (isStarting) return;
    wish.seed = seed.value = (wish.seed + 1) % 1000;
    await start();
  };

  fill(
    body,
    staleNotice(model, signal),
    h(
      'div',
      { class: 'split' },
      h(
        'aside',
        { class: 'side card fields', 'aria-label': 'How to draw' },
        fields,
        keep.element,
        h(
          'div',
          { class: 'row' },
          button('Draw', start, { class: 'primary', icon: 'brush' }),
          button('Next seed', another, { title: 'The next seed; kept pictures stay (D)' }),
          stop,
        ),
      ),
      h(
        'section',
        { class: 'stack' },
        h(
          'div',
          { class: 'row' },
          state.element,
          h(
            'div',
            { class: 'row', style: { 'margin-left': 'auto' } },
            ramp('0', '10 nats'),
            checkbox('surprise of each cell', false, isOn => {
              isShowingNats = isOn;
              cards.forEach(card => card.showNats(isOn));
            }).element,
          ),
        ),
        grid,
        h(
          'p',
          { class: 'small muted' },
          term('prior', 'The prior'),
          ` draws the ${model.rows} x ${model.columns} codes of a picture one after the ` + 'other. It needs ',
          significant(prior.nats),
          ' ',
          term('nats', 'nats'),
          ` for a code of a test image; guessing blindly would need ${significant(prior.uniformNats)}.`,
        ),
      ),
    ),
  );
  addShortcuts(
    'Samples',
    [{ keys: 'D', what: 'draw with the next seed', run: () => another().catch(problem) }],
    signal,
  );
  start().catch(problem);
}
