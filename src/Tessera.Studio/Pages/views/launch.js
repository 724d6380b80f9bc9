/** What a run says while it starts, until its folder is there. */
import { ask } from '../api.js';
import { button } from '../components/button.js';
import { failed } from '../components/waiting.js';
import { delay, fill, h, words } from '../dom.js';
import { go, href } from '../router.js';

const noReason = launch => `Its process ended with exit code ${launch.exitCode}, and said nothing.`;

/**
 * Follows a launch, then goes to the run's live view. If the process ends before, its output stays and says why.
 * @param {Element} root
 * @param {string} id
 * @param {AbortSignal} signal
 */
export async function showLaunch(root, id, signal) {
  const title = h('h1', {}, 'The run is starting');
  const log = h('pre', { class: 'log', tabindex: 0, 'aria-label': 'Output of the run' });
  const command = h('code');
  const end = h(
    'div',
    { class: 'row' },
    button(
      'Stop',
      async () => {
        await ask(`/api/launches/${id}/stop`, { method: 'POST', json: {} });
      },
      { icon: 'stop' },
    ),
  );
  fill(
    root,
    h(
      'header',
      { class: 'page-head' },
      title,
      h(
        'p',
        { role: 'status' },
        'It reads its images first. The live view opens as soon as there is something to see.',
      ),
    ),
    h('div', { class: 'stack' }, h('div', { class: 'command' }, command), log, end),
  );
  for (;;) {
    let launch;
    try {
      launch = await ask(`/api/launches/${id}`, { signal });
    } catch (error) {
      return failed(root, error);
    }
    if (signal.aborted) return undefined;
    fill(command, words(launch.command));
    if (log.textContent !== launch.log) {
      log.textContent = launch.log;
      log.scrollTop = log.scrollHeight;
    }
    if (launch.state === 'running' || (launch.state === 'ended' && launch.exitCode === 0)) {
      return go(['runs', launch.run, 'live']);
    }
    if (launch.state === 'ended') {
      title.textContent = 'The run did not start';
      const lines = launch.log.trim().split('\n');
      return fill(
        end,
        h('p', { class: 'problem-text', role: 'alert' }, lines[lines.length - 1] || noReason(launch)),
        h('a', { class: 'button', href: href(['start']) }, 'Change the settings'),
      );
    }
    await delay(300, signal).catch(() => {});
  }
}
