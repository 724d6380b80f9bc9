/** A field for one setting of a command that trains. */
import { h, newId, words } from '../dom.js';

/**
 * @typedef {object} Setting
 * @property {string} name
 * @property {string} label
 * @property {string} group
 * @property {string} kind
 * @property {string} help
 * @property {{ value: string, label: string }[] | null} choices
 * @property {boolean} canResume
 * @property {Record<string, string | null>} defaults
 */

/**
 * @param {Setting} setting
 * @param {{ placeholder?: string, isUsual?: boolean }} options What an empty field means, and whether it is the usual.
 * @param {(value: string | null) => void} onChange Null: as the preset has it.
 */
export function settingField(setting, { placeholder = '', isUsual = false }, onChange) {
  const id = newId();
  const element = h('div', { class: 'field', dataset: { option: setting.name } });
  const problem = h('div', { class: 'problem', id: `${id}p` });
  const common = { id, 'aria-describedby': `${id}h ${id}p`, autocomplete: 'off', spellcheck: 'false' };
  const changed = () => {
    const value = input.value.trim();
    element.classList.toggle('is-set', value !== '');
    input.classList.toggle('usual', value === '');
    onChange(value === '' ? null : value);
  };
  const ofChoice = text => (isUsual ? usual(text) : text);
  const asBefore = h('option', { value: '' }, ofChoice(placeholder));
  const input = setting.choices
    ? h(
        'select',
        { ...common, class: 'usual', onchange: changed },
        asBefore,
        setting.choices.map(choice => h('option', { value: choice.value }, choice.label)),
      )
    : h('input', {
        ...common,
        type: 'text',
        placeholder,
        oninput: changed,
        inputmode: { integer: 'numeric', number: 'decimal' }[setting.kind] ?? null,
      });
  element.append(
    h('label', { for: id }, setting.label),
    input,
    problem,
    h('div', { class: 'hint', id: `${id}h` }, words(setting.help)),
  );
  return {
    element,
    input,
    /** @param {string} text What a field that is left empty means. */
    setPlaceholder(text) {
      if (setting.choices) asBefore.textContent = ofChoice(text);
      else input.placeholder = text;
    },
    /** @param {string | null} value */
    setValue(value) {
      input.value = value ?? '';
      changed();
    },
    /** @param {string | null} text */
    setProblem(text) {
      problem.textContent = text ?? '';
      if (text) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    },
  };
}

/** The choice that leaves a setting as it usually is. @param {string} value */
const usual = value => (value ? `usual: ${value}` : 'none');
