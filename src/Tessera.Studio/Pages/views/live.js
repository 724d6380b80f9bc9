/** A run as it learns: numbers, curves, pictures through time, codes in use. */
import { ask, runPath } from '../api.js';
import { runHead } from '../components/run-head.js';
import { load } from '../components/waiting.js';
import { fill, h, perFrame, words } from '../dom.js';
import { duration, count, percent, significant } from '../format.js';
import { term } from '../components/term.js';
import { button } from '../components/button.js';
import { toast } from '../components/toast.js';
import { href } from '../router.js';
import { putRun, restRuns } from '../state/runs.js';
import { listen } from '../stream.js';
import { LiveCurves } from './live-curves.js';
import { livePictures } from './live-pictures.js';

/** @param {Element} root @param {import('../types.js').Context} context */
export async function mount(root, { path, signal }) {
  const id = path[1];
  const body = h('div', { class: 'stack' });
  fill(root, runHead(id, 'live', signal), body);
  await load(
    body,
    'Reading the run',
    () => ask(runPath(id), { signal }),
    details => show(body, details, signal),
    signal,
  );
}

function show(body, details, signal) {
  const id = details.run.id;
  const vital = vitals();
  const curves = new LiveCurves(details, signal);
  const pictures = details.run.kind === 'tokenizer' ? livePictures(details.run, signal) : null;
  const gone = h('div', { role: 'alert' });
  fill(body, gone, vital.element, pictures?.element, curves.element, about(details));
  vital.show(details.run);

  // However fast events come, a frame shows the newest once.
  let newest = details.run;
  const showNewest = perFrame(() => {
    vital.show(newest);
    putRun(newest);
    curves.showRun(newest);
  }, signal);

  restRuns(signal);
  const close = listen(
    runPath(id, 'events'),
    {
      run: run => {
        newest = run;
        showNewest();
      },
      series: data => curves.append(data),
      metrics: () => curves.stale(),
      evaluations: () => curves.stale(),
      snapshots: data => pictures?.add(data.updates),
      truncated: () => {
        curves.reload();
        pictures?.reload();
      },
      gone: () => {
        close();
        showGone(gone);
      },
      close: () => showGone(gone),
    },
    signal,
  );
}

function showGone(place) {
  if (place.firstChild) return;
  fill(
    place,
    h(
      'div',
      { class: 'notice bad' },
      h('p', {}, 'The folder of this run was deleted. What is shown here is the last that was read.'),
      h('a', { class: 'button', href: href(['runs']) }, 'All runs'),
    ),
  );
}

/** The numbers at the top. */
function vitals() {
  const names = ['update', 'left', 'speed', 'error', 'codes'];
  const places = Object.fromEntries(names.map(name => [name, h('dd', {}, '–')]));
  const left = h('dt', {}, 'time left');
  const errorName = h('dt', {}, term('test_error', 'test error'));
  const bar = h('span');
  const progress = h(
    'div',
    {
      class: 'progress',
      role: 'progressbar',
      'aria-label': 'Progress of the run',
      'aria-valuemin': 0,
      'aria-valuemax': 100,
    },
    bar,
  );
  const message = h('p', { class: 'problem-text' });
  const element = h(
    'section',
    { class: 'card stack', 'aria-label': 'Progress' },
    h(
      'dl',
      { class: 'vital' },
      h('div', {}, h('dt', {}, term('update', 'update')), places.update),
      h('div', {}, left, places.left),
      h('div', {}, h('dt', {}, 'images per second'), places.speed),
      h('div', {}, errorName, places.error),
      h('div', {}, h('dt', {}, term('codes_used', 'codes used')), places.codes),
    ),
    progress,
    message,
  );
  return {
    element,
    /** @param {import('../types.js').Run} run */
    show(run) {
      const isRunning = run.state === 'running';
      fill(places.update, count(run.update), run.updates && h('small', {}, ` of ${count(run.updates)}`));
      left.textContent = isRunning ? 'time left' : 'time spent';
      fill(
        places.left,
        isRunning ? (run.secondsLeft === null ? 'measuring' : duration(run.secondsLeft)) : duration(run.secondsSpent),
      );
      fill(places.speed, significant(run.imagesPerSecond));
      fill(
        places.error,
        significant(run.testError),
        run.testErrorName === 'nats' && h('small', {}, ' nats'),
        run.evaluation && h('small', {}, ` at ${count(run.evaluation.update)}`),
      );
      fill(places.codes, count(run.codesUsed), run.codes && h('small', {}, ` of ${count(run.codes)}`));
      places.codes.parentElement.hidden = run.kind !== 'tokenizer';
      bar.style.transform = `scaleX(${run.fraction ?? 0})`;
      progress.setAttribute('aria-valuenow', Math.round((run.fraction ?? 0) * 100));
      progress.setAttribute('aria-valuetext', `${percent(run.fraction ?? 0)}, ${run.state}`);
      fill(message, run.message);
      message.hidden = !run.message;
    },
  };
}

/** The command, the options, the output. */
function about(details) {
  const changed = details.options.filter(option => option.isSet);
  const rest = details.options.filter(option => !option.isSet && option.value !== null);
  const table = options =>
    h(
      'table',
      { class: 'table small' },
      h(
        'tbody',
        {},
        options.map(option =>
          h(
            'tr',
            {},
            h('th', { scope: 'row', title: option.help }, option.name),
            h('td', {}, option.value ?? '–'),
            h('td', { class: 'muted' }, option.isSet && option.default !== null ? `default ${option.default}` : ''),
          ),
        ),
      ),
    );
  return h(
    'section',
    { class: 'card stack' },
    h('h2', {}, 'Settings'),
    h(
      'div',
      { class: 'command' },
      h('code', {}, words(details.command)),
      button(
        'Copy the command',
        async () => {
          await navigator.clipboard.writeText(details.command);
          toast('The command is on the clipboard.');
        },
        { icon: 'copy', iconOnly: true, class: 'quiet small' },
      ),
    ),
    changed.length > 0 ? table(changed) : h('p', { class: 'muted' }, 'All settings are the defaults.'),
    h('details', {}, h('summary', {}, 'All other settings'), table(rest)),
    details.log &&
      h(
        'details',
        {},
        h('summary', {}, 'What the program printed'),
        h('pre', { class: 'log', tabindex: 0 }, details.log),
      ),
  );
}
