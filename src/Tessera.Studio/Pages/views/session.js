/** Asks for the token of a studio that is open to other machines. */
import { ask } from '../api.js';
import { button } from '../components/button.js';
import { openDialog } from '../components/dialog.js';
import { fill, h, newId, words } from '../dom.js';

/** @type {Promise<void> | null} */
let asking = null;

/** @returns {Promise<void>} Done when the server has taken the token. */
export function askForToken() {
  asking ??= new Promise(done => {
    const id = newId();
    const error = h('p', { class: 'problem-text', role: 'alert' });
    const input = h('input', {
      id,
      type: 'password',
      autocomplete: 'current-password',
      required: true,
      autofocus: true,
    });
    openDialog(
      'This studio needs its token',
      close =>
        h(
          'form',
          {
            class: 'stack',
            onsubmit: async event => {
              event.preventDefault();
              fill(error);
              try {
                await ask('/api/session', { json: { token: input.value } });
                close();
                asking = null;
                done();
              } catch (problem) {
                fill(error, problem.status === 401 ? 'That is not the token.' : problem.message);
                input.select();
              }
            },
          },
          h(
            'p',
            {},
            'It is the one that was given to ',
            h('code', {}, words('tessera studio --token')),
            ' on the machine where it runs.',
          ),
          h('div', { class: 'field' }, h('label', { for: id }, 'Token'), input),
          error,
          h(
            'div',
            { class: 'dialog-end' },
            button('Open the studio', () => {}, { type: 'submit', class: 'primary' }),
          ),
        ),
      { canClose: false },
    );
  });
  return asking;
}
