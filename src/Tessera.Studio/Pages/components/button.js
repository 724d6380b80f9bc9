/** Buttons. */
import { h } from '../dom.js';
import { icon } from './icon.js';
import { problem } from './toast.js';

/**
 * A button that runs work and, while the work lasts, cannot be pressed again. What goes wrong is shown.
 * @param {string} label
 * @param {(event: MouseEvent) => any} work
 * @param {object} [options]
 * @param {any} [options.icon]
 * @param {string} [options.class]
 * @param {boolean} [options.iconOnly] The label is for screen readers.
 * @param {string} [options.title]
 * @param {string} [options.type]
 * @param {boolean} [options.pressed] It is a switch.
 * @returns {HTMLButtonElement}
 */
export function button(label, work, options = {}) {
  const element = h(
    'button',
    {
      type: options.type ?? 'button',
      class: `button ${options.class ?? ''} ${options.iconOnly ? 'icon' : ''}`,
      title: options.title ?? (options.iconOnly ? label : null),
      'aria-label': options.iconOnly ? label : null,
      'aria-pressed': options.pressed === undefined ? null : String(options.pressed),
      onclick: async event => {
        const result = tryWork(event);
        if (!(result instanceof Promise)) return;
        element.setAttribute('aria-busy', 'true');
        await result;
        element.removeAttribute('aria-busy');
      },
    },
    options.icon && icon(options.icon),
    !options.iconOnly && label,
  );

  const tryWork = event => {
    if (element.getAttribute('aria-busy')) return undefined;
    try {
      const result = work(event);
      return result instanceof Promise ? result.catch(problem) : result;
    } catch (error) {
      return problem(error);
    }
  };
  return element;
}

/**
 * Buttons of which one is pressed.
 * @template T
 * @param {string} label What is chosen, for screen readers.
 * @param {{ value: T, label: string, icon?: any, title?: string }[]} choices
 * @param {T} value
 * @param {(value: T) => void} onChoose
 */
export function choice(label, choices, value, onChoose) {
  const group = h('div', { class: 'buttons', role: 'group', 'aria-label': label });
  const buttons = choices.map(item =>
    button(
      item.label,
      () => {
        set(item.value);
        onChoose(item.value);
      },
      {
        icon: item.icon,
        iconOnly: Boolean(item.icon),
        title: item.title,
        pressed: item.value === value,
        class: 'small',
      },
    ),
  );
  const set = chosen =>
    buttons.forEach((element, i) => element.setAttribute('aria-pressed', String(choices[i].value === chosen)));
  group.append(...buttons);
  return { element: group, set };
}
