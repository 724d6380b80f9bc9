/** Short messages at the edge of the page, read out by screen readers. */
import { h } from '../dom.js';

/**
 * @param {string} text
 * @param {{ isBad?: boolean }} [options]
 */
export function toast(text, { isBad = false } = {}) {
  const list = document.getElementById('toasts');
  for (const old of /** @type {any} */ (list.children)) if (old.dataset.text === text) old.remove();
  const element = h(
    'div',
    { class: isBad ? 'toast bad' : 'toast', dataset: { text } },
    h('span', {}, text),
    h('button', { type: 'button', class: 'button quiet small', onclick: () => element.remove() }, 'Close'),
  );
  list.append(element);
  while (list.children.length > 3) list.firstChild.remove();
  setTimeout(() => element.remove(), isBad ? 12000 : 5000);
}

/** Shows what went wrong, unless it is only that the view was left. @param {any} error */
export function problem(error) {
  if (error?.name === 'AbortError') return;
  if (!error?.status && error?.status !== 0) console.error(error);
  toast(error?.message ?? String(error), { isBad: true });
}
