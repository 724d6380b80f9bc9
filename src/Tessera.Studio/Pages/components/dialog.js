/** Modal dialogs, by the browser's own element. */
import { h, newId } from '../dom.js';
import { button } from './button.js';

/**
 * Opens a dialog. It closes by Escape, its cross or a click beside it, and is then removed.
 * @param {string} title
 * @param {(close: () => void) => any} content Makes the body.
 * @param {{ isWide?: boolean, canClose?: boolean, signal?: AbortSignal }} [options] `signal` closes it. Without
 *   `canClose` it also stays when the view changes.
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, content, { isWide = false, canClose = true, signal } = {}) {
  const id = newId();
  const close = () => dialog.close();
  const dialog = h(
    'dialog',
    { class: isWide ? 'wide' : '', 'aria-labelledby': id, 'data-stays': !canClose },
    h(
      'div',
      { class: 'dialog-head' },
      h('h2', { id }, title),
      canClose && button('Close', close, { icon: 'close', iconOnly: true, class: 'quiet' }),
    ),
    h('div', { class: 'dialog-body' }, content(close)),
  );
  dialog.addEventListener('close', () => dialog.remove());
  if (!canClose) dialog.addEventListener('cancel', event => event.preventDefault());
  else
    dialog.addEventListener('mousedown', event => {
      if (event.target === dialog) close();
    });
  signal?.addEventListener('abort', close);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
