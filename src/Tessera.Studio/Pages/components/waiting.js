/** What stands in a place until its content is there, or when it cannot come. */
import { fill, h } from '../dom.js';
import { percent } from '../format.js';
import { href } from '../router.js';
import { button } from './button.js';

/**
 * Shows that work is going on in an element.
 * @param {Element} element Its content is replaced.
 * @param {string} text
 * @returns {(stage: string, fraction: number) => void} Shows how far it is.
 */
export function waiting(element, text) {
  const bar = h('span');
  const label = h('span', { role: 'status' }, text);
  fill(element, h('div', { class: 'waiting' }, label, h('div', { class: 'progress' }, bar)));
  return (stage, fraction) => {
    label.textContent = `${sentence(stage)} ${percent(fraction)}`;
    bar.style.transform = `scaleX(${fraction})`;
  };
}

/**
 * Shows in an element why its content cannot come.
 * @param {Element} element Its content is replaced.
 * @param {any} error
 * @param {() => void} [retry]
 */
export function failed(element, error, retry) {
  if (error?.name === 'AbortError') return;
  if (error?.status === undefined) console.error(error);
  fill(
    element,
    h(
      'div',
      { class: 'notice bad', role: 'alert' },
      h('p', {}, sentence(error.message)),
      error.status === 404
        ? h('a', { class: 'button', href: href(['runs']) }, 'All runs')
        : retry && button('Try again', retry),
    ),
  );
}

/**
 * Fills an element when work is done, and shows progress and errors there until then.
 * @template T
 * @param {Element} element
 * @param {string} text
 * @param {(onProgress: (stage: string, fraction: number) => void) => Promise<T>} work
 * @param {(value: T) => any} show
 * @param {AbortSignal} signal
 */
export async function load(element, text, work, show, signal) {
  const onProgress = waiting(element, text);
  try {
    const value = await work(onProgress);
    if (!signal.aborted) show(value);
  } catch (error) {
    if (!signal.aborted) failed(element, error, () => load(element, text, work, show, signal));
  }
}

/** "no model yet" as a sentence. @param {string} text */
export const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);
