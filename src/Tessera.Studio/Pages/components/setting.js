/** A field for one setting of a command that trains. */
import { h, newId } from '../dom.js';

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
 * @param {{ placeholder?: string }} options
 * @param {(value: string | null) => void} onChange Null: as the preset has it.
 */
export function settingField(setting, { placeholder = '' }, onChange) {
  const id = newId();
  const element = h('div', { class: 'field', dataset: { option: setting.name } });
  const problem = h('div', { class: 'problem', id: `${id}p` });
  const common = { id, 'aria-describedby': `${id}h ${id}p`, autocomplete: 'off', spellcheck: 'false' };
  const changed = () => {
    const value = input.value.trim();
    element.classList.toggle('is-set', value !== '');
    onChange(value === '' ? null : value);
  };
  const asBefore = h('option', { value: '' }, placeholder);
  const input = setting.choices
    ? h(
        'select',
        { ...common, onchange: changed },
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
    h('div', { class: 'hint', id: `${id}h` }, setting.help),
  );
  return {
    element,
    input,
    /** @param {string} text What a field that is left empty means. */
    setPlaceholder(text) {
      if (setting.choices) asBefore.textContent = text;
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
