/** What can be done with a run: stop, resume. */
import { ask, runPath, withQuery } from '../api.js';
import { fill, h } from '../dom.js';
import { button } from './button.js';
import { openDialog } from './dialog.js';
import { settingField } from './setting.js';
import { toast } from './toast.js';

/** @typedef {import('../types.js').Run} Run */

/** @param {Run} run */
export const stopButton = run =>
  button(
    'Stop',
    async () => {
      await ask(runPath(run.id, 'stop'), { method: 'POST', json: {} });
      toast(`${run.name} stops after its update and writes a checkpoint, as with Ctrl-C.`);
    },
    { icon: 'stop', title: `Stop ${run.name}` },
  );

/** @param {Run} run @param {AbortSignal} signal */
export const resumeButton = (run, signal) =>
  button(
    'Resume',
    async () => {
      const form = await ask(withQuery('/api/form', { kind: run.kind }), { signal });
      const values = {};
      openDialog(
        `Resume ${run.name}`,
        close => {
          const error = h('p', { class: 'problem-text', role: 'alert' });
          const settings = form.settings.filter(
            setting => setting.canResume && (run.canLengthen || setting.group !== 'Length'),
          );
          return h(
            'form',
            {
              class: 'stack',
              onsubmit: async event => {
                event.preventDefault();
                try {
                  await ask(runPath(run.id, 'resume'), { json: { values } });
                  close();
                  toast(`${run.name} goes on from its last checkpoint.`);
                } catch (problem) {
                  fill(error, problem.message);
                }
              },
            },
            h(
              'p',
              { class: 'muted' },
              run.state === 'finished'
                ? 'Its budget is spent: give it a longer one in all.'
                : 'It goes on where it stopped. Leave the fields empty to keep its settings.' +
                    (run.canLengthen ? '' : ' Its length is fixed: its learning rate falls to 0 over it.'),
            ),
            h(
              'div',
              { class: 'settings' },
              settings.map(
                setting =>
                  settingField(setting, { placeholder: 'as before' }, value => {
                    if (value === null) delete values[setting.name];
                    else values[setting.name] = value;
                    fill(error);
                  }).element,
              ),
            ),
            error,
            h(
              'div',
              { class: 'dialog-end' },
              button('Cancel', close),
              button('Resume', () => {}, { type: 'submit', class: 'primary', icon: 'play' }),
            ),
          );
        },
        { signal },
      );
    },
    { icon: 'play', title: `Resume ${run.name}` },
  );
