/** The form that starts a run: the settings of a command that trains, checked while they are typed. */
import { ask, withQuery } from '../api.js';
import { button } from '../components/button.js';
import { select } from '../components/field.js';
import { settingField } from '../components/setting.js';
import { toast } from '../components/toast.js';
import { load, sentence } from '../components/waiting.js';
import { debounce, fill, h, newId, words } from '../dom.js';
import { keepInAddress } from '../router.js';
import { showLaunch } from './launch.js';

/** What one wants to choose first. */
const essential = [
  ...['--data', '--size', '--quantizer', '--codes', '--width', '--layers', '--convolutions'],
  ...['--updates', '--images', '--minutes', '--seed'],
];

const kinds = {
  tokenizer: 'a tokenizer: pictures to codes and back',
  prior: 'a prior: draws new pictures with a tokenizer’s codes',
  classifier: 'a classifier: its features help tokenizers to be sharp',
};

/** @param {Element} root @param {import('../types.js').Context} context */
export async function mount(root, { query, signal }) {
  document.title = 'New run · Tessera studio';
  const launch = query.get('launch');
  if (launch) return showLaunch(root, launch, signal);
  fill(
    root,
    h(
      'header',
      { class: 'page-head' },
      h('h1', {}, 'New run'),
      h(
        'p',
        {},
        'Every field may stay empty: the usual value, shown in grey, is then used. ' +
          'The run is a process of its own: it goes on when this page or the studio is closed.',
      ),
    ),
  );
  const place = h('div');
  root.append(place);
  await showKind(root, place, query.get('kind') ?? 'tokenizer', query.get('run'), signal);
  return undefined;
}

const showKind = (root, place, kind, run, signal) =>
  load(
    place,
    'Reading the settings',
    () => ask(withQuery('/api/form', { kind }), { signal }),
    form => showForm(root, place, form, run, signal),
    signal,
  );

/** @param {import('../types.js').Form} form */
function showForm(root, place, form, run, signal) {
  const isPrior = form.kind === 'prior';
  const what = select(
    'What it trains',
    form.kinds.map(kind => ({ value: kind, label: kinds[kind] ?? kind })),
    form.kind,
    kind => {
      keepInAddress({ kind, run: null });
      showKind(root, place, kind, null, signal);
    },
  ).element;
  const reason = whyNot(form);
  if (reason) return fill(place, h('div', { class: 'stack' }, what, h('div', { class: 'notice' }, reason)));
  const wish = {
    kind: form.kind,
    run: isPrior ? (form.runs.find(known => known.value === run)?.value ?? form.runs[0].value) : null,
    folder: isPrior ? null : form.folders[0].id,
    name: null,
    preset: form.presets[0].name,
    values: {},
  };
  const fields = new Map();
  const command = h('code');
  const state = h('p', { class: 'check-line small', role: 'status' });
  const start = button('Start', () => begin(), { class: 'primary', icon: 'play' });
  const name = h('input', {
    id: newId(),
    maxlength: 64,
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: () => {
      wish.name = name.value.trim() || null;
      check();
    },
  });

  const check = debounce(async () => {
    try {
      const answer = await ask('/api/form/check', { json: wish, signal });
      showAnswer(form, fields, wish, answer);
      start.disabled = answer.error !== null;
      fill(command, words(answer.command ?? ''));
      fill(state, answer.error ? h('span', { class: 'problem-text' }, sentence(answer.error)) : 'Ready to start.');
      if (!wish.name && answer.name) name.placeholder = answer.name;
    } catch (error) {
      if (error.name !== 'AbortError') fill(state, h('span', { class: 'problem-text' }, sentence(error.message)));
    }
  }, 150);

  const begin = async () => {
    const launch = await ask('/api/runs', { json: wish });
    keepInAddress({ launch: launch.id });
    return showLaunch(root, launch.id, signal);
  };

  const choiceOf = (label, member, choices) =>
    select(label, choices, wish[member], value => {
      wish[member] = value;
      check();
    }).element;

  for (const setting of form.settings) {
    fields.set(
      setting.name,
      settingField(setting, { placeholder: setting.defaults[wish.preset] ?? '', isUsual: true }, value => {
        if (value === null) delete wish.values[setting.name];
        else wish.values[setting.name] = value;
        check();
      }),
    );
  }

  fill(
    place,
    h(
      'form',
      {
        class: 'form-split',
        novalidate: true,
        onsubmit: event => {
          event.preventDefault();
          if (!start.disabled) start.click();
        },
      },
      h(
        'div',
        { class: 'stack' },
        essentialsOf(form, fields, [what, form.runs.length > 0 && choiceOf('Tokenizer', 'run', form.runs)]),
        form.groups.map(group => groupOf(form, group, fields)),
      ),
      h(
        'aside',
        { class: 'card fields' },
        form.presets.length > 1 &&
          choiceOf(
            'Preset',
            'preset',
            form.presets.map(preset => ({ value: preset.name, label: `${preset.name}: ${preset.summary}` })),
          ),
        form.folders.length > 1 &&
          choiceOf(
            'Folder',
            'folder',
            form.folders.map(folder => ({ value: folder.id, label: folder.name })),
          ),
        !isPrior && h('div', { class: 'field' }, h('label', { for: name.id }, 'Name'), name),
        commandLine(command),
        state,
        start,
      ),
    ),
  );
  check();
  return undefined;
}

/** Why no run of a kind can be started; null if one can. @param {import('../types.js').Form} form */
function whyNot(form) {
  if (form.kind === 'prior')
    return form.runs.length > 0 ? null : 'A prior needs a trained tokenizer that has none: train a tokenizer first.';
  return form.folders.length > 0
    ? null
    : 'No run can be started here: the studio was opened on a single run. Open it on a folder: tessera studio runs';
}

/** Shows at the fields what a check has found. */
function showAnswer(form, fields, wish, answer) {
  for (const [name, field] of fields) {
    field.setProblem(answer.option === name ? sentence(answer.error) : null);
    if (answer.option === name) field.element.closest('details')?.setAttribute('open', '');
    if (!answer.values) continue;
    field.element.hidden =
      !(name in answer.values) || (answer.values[name] === null && !wish.values[name] && !isLength(form, name));
    if (!wish.values[name]) field.setPlaceholder(answer.values[name] ?? '');
  }
}

const commandLine = command =>
  h(
    'div',
    { class: 'field' },
    h('div', { class: 'label' }, 'The same on the command line'),
    h(
      'div',
      { class: 'command' },
      command,
      button(
        'Copy the command',
        async () => {
          await navigator.clipboard.writeText(command.textContent);
          toast('The command is on the clipboard.');
        },
        { icon: 'copy', iconOnly: true, class: 'quiet small' },
      ),
    ),
  );

const isLength = (form, name) => form.settings.find(setting => setting.name === name)?.group === 'Length';

function essentialsOf(form, fields, first) {
  const names = essential.filter(name => fields.has(name));
  return h(
    'section',
    { class: 'card group' },
    h('h2', {}, 'First of all'),
    h('div', { class: 'fields' }, first),
    h(
      'div',
      { class: 'settings' },
      names.map(name => fields.get(name).element),
    ),
  );
}

function groupOf(form, group, fields) {
  const settings = form.settings.filter(setting => setting.group === group && !essential.includes(setting.name));
  if (settings.length === 0) return null;
  const names = settings.map(setting => setting.label);
  const more = names.length > 6 ? ', …' : '';
  return h(
    'details',
    { class: 'card group' },
    h('summary', {}, group, h('span', { class: 'muted' }, `  ${names.slice(0, 6).join(', ')}${more}`)),
    h(
      'div',
      { class: 'settings' },
      settings.map(setting => fields.get(setting.name).element),
    ),
  );
}
