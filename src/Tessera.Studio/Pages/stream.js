/** Server-sent events that survive: a server that went away, a page that was hidden. */
import { delay } from './dom.js';
import { reportFailure, reportSuccess } from './state/connection.js';

/**
 * Listens to a stream until the signal is aborted. A browser opens only six connections to one server, in all its tabs;
 * so a hidden page closes its streams, and the first event after it is shown again holds everything.
 * @param {string} path
 * @param {Record<string, (data: any) => void>} handlers By the event's name; `close` is called if the server refuses.
 * @param {AbortSignal} signal
 * @param {{ keepHidden?: boolean }} [options] `keepHidden`: also while the page is hidden.
 */
export function listen(path, handlers, signal, options = {}) {
  /** @type {EventSource | null} */
  let source = null;

  const close = () => {
    source?.close();
    source = null;
  };

  const open = () => {
    if (source || signal.aborted || (document.hidden && !options.keepHidden)) return;
    const opened = (source = new EventSource(path));
    opened.onopen = reportSuccess;
    opened.onerror = () => {
      reportFailure();
      // After a refusal (a status of 400 or more) the browser does not try again by itself.
      if (opened.readyState === EventSource.CLOSED && source === opened) refused();
    };
    for (const [name, handler] of Object.entries(handlers)) {
      if (name === 'close') continue;
      opened.addEventListener(name, event => handler(JSON.parse(event.data)));
    }
  };

  const refused = async () => {
    close();
    if (handlers.close) return handlers.close(null);
    try {
      await delay(2000, signal);
      open();
    } catch {
      /* The view is gone. */
    }
  };

  const visibility = () => {
    if (!document.hidden) open();
    else if (!options.keepHidden) close();
  };

  document.addEventListener('visibilitychange', visibility, { signal });
  signal.addEventListener('abort', close);
  open();
  return close;
}
