/** Labelled inputs. */
import { h, newId } from '../dom.js';
import { term } from './term.js';

/**
 * A number by slider or by keyboard.
 * @param {string} label
 * @param {{ min: number, max: number, step: number, value: number, term?: string, hint?: string }} options
 * @param {(value: number) => void} onChange
 */
export function slider(label, options, onChange) {
  const { min, max, step } = options;
  const id = newId();
  let value = options.value;
  const take = (text, isDone) => {
    const number = Number(text);
    if (text === '' || !Number.isFinite(number)) return isDone ? show() : undefined;
    value = Math.min(max, Math.max(min, number));
    show(isDone ? null : document.activeElement);
    return onChange(value);
  };
  const range = h('input', { type: 'range', id, min, max, step, value, oninput: () => take(range.value, true) });
  const exact = h('input', {
    type: 'number',
    min,
    max,
    step,
    value,
    'aria-label': `${label}, exactly`,
    oninput: () => take(exact.value, false),
    onchange: () => take(exact.value, true),
  });
  const show = except => {
    if (except !== range) range.value = String(value);
    if (except !== exact) exact.value = String(value);
  };
  const element = h(
    'div',
    { class: 'field' },
    h(
      'div',
      { class: 'label' },
      h('label', { for: id, class: options.term ? 'unseen' : '' }, label),
      options.term && term(options.term, label),
    ),
    h('div', { class: 'slider' }, range, exact),
    options.hint && h('div', { class: 'hint' }, options.hint),
  );
  return {
    element,
    get value() {
      return value;
    },
    set value(next) {
      value = next;
      show();
    },
  };
}

/**
 * A choice from a list.
 * @param {string} label
 * @param {{ value: string, label: string }[]} choices
 * @param {string} value
 * @param {(value: string) => void} onChange
 * @param {{ isPlain?: boolean }} [options] `isPlain`: the label is for screen readers only.
 */
export function select(label, choices, value, onChange, { isPlain = false } = {}) {
  const id = newId();
  const list = h('select', { id, onchange: () => onChange(list.value), 'aria-label': isPlain ? label : null });
  const setChoices = (items, chosen) => {
    list.replaceChildren(...items.map(item => h('option', { value: item.value }, item.label)));
    list.value = chosen;
  };
  setChoices(choices, value);
  const element = isPlain ? list : h('div', { class: 'field' }, h('label', { for: id }, label), list);
  return { element, list, setChoices };
}

/**
 * @param {string} label
 * @param {boolean} isOn
 * @param {(isOn: boolean) => void} onChange
 */
export function checkbox(label, isOn, onChange) {
  const box = h('input', { type: 'checkbox', checked: isOn, onchange: () => onChange(box.checked) });
  return { element: h('label', { class: 'check' }, box, label), box };
}
