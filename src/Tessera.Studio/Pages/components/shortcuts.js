/** Keys of the views, and the list of them under `?`. */
import { h } from '../dom.js';
import { openDialog } from './dialog.js';
import { checkbox } from './field.js';

/**
 * @typedef {object} Shortcut
 * @property {string} keys
 * @property {string} what
 * @property {(event: KeyboardEvent) => void} [run]
 * @property {boolean} [isHeld] It works again and again while the key is held.
 */

/** @type {{ title: string, items: Shortcut[] }[]} */
const groups = [];

/**
 * Makes keys known as long as a view is shown. `keys` is such as `B`, `Ctrl+Z`, `Ctrl+Shift+Z`, `?`; without `run`
 * it is only listed.
 * @param {string} title
 * @param {Shortcut[]} items
 * @param {AbortSignal} [signal]
 */
export function addShortcuts(title, items, signal) {
  const group = { title, items };
  groups.push(group);
  signal?.addEventListener('abort', () => groups.splice(groups.indexOf(group), 1));
}

/** Whether keys without Ctrl work: they get in the way of who speaks to the computer, or types by accident. */
let isOn = readChoice();

function readChoice() {
  try {
    return localStorage.getItem('keys') !== 'off';
  } catch {
    return true;
  }
}

function choose(on) {
  isOn = on;
  try {
    localStorage.setItem('keys', on ? 'on' : 'off');
  } catch {
    /* It then lasts until the page is closed. */
  }
}

/** Shows the list. */
export function showShortcuts() {
  if (document.querySelector('dialog[open]')) return;
  openDialog('Keys', () => [
    checkbox('keys of one letter work', isOn, choose).element,
    groups.map(group =>
      h(
        'section',
        {},
        h('h3', {}, group.title),
        h(
          'dl',
          { class: 'keys' },
          group.items.map(item => [
            h(
              'dt',
              {},
              item.keys.split(' or ').map((keys, i) => [i > 0 && ' or ', h('kbd', {}, keys)]),
            ),
            h('dd', {}, item.what),
          ]),
        ),
      ),
    ),
  ]);
}

document.addEventListener('keydown', event => {
  if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const isTyping = target.matches('input:not([type=checkbox],[type=radio],[type=range]), select, textarea');
  if (isTyping) return;
  for (const group of [...groups].reverse()) {
    for (const item of group.items) {
      if (!item.run || !item.keys.split(' or ').some(keys => matches(event, keys))) continue;
      event.preventDefault();
      if (!event.repeat || item.isHeld) item.run(event);
      return;
    }
  }
});

function matches(event, keys) {
  if (!isOn && event.key.length === 1 && !event.ctrlKey && !event.metaKey) return false;
  const parts = keys.split('+');
  const key = parts.pop() || '+';
  const needs = name => parts.includes(name);
  const isSymbol = key.length === 1 && !/[a-z0-9]/i.test(key);
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    (event.ctrlKey || event.metaKey) === needs('Ctrl') &&
    !event.altKey &&
    (isSymbol || event.shiftKey === needs('Shift'))
  );
}
