/** Server-sent events that survive: a server that went away, a page that was hidden, a refusal. */
import { request } from './api.js';
import { problem } from './components/toast.js';
import { delay } from './dom.js';
import { reportFailure, reportSuccess } from './state/connection.js';

const firstPause = 2000;
const longestPause = 30000;

/**
 * Listens to a stream until the signal is aborted. A browser opens only six connections to one server, in all its tabs;
 * so a hidden page closes its streams, and the first event after it is shown again holds everything.
 * @param {string} path
 * @param {Record<string, (data: any) => void>} handlers By the event's name; `close` is called if there is no such
 *   stream any more. After another refusal, such as too many streams, it is tried again.
 * @param {AbortSignal} signal
 * @param {{ keepHidden?: boolean }} [options] `keepHidden`: also while the page is hidden.
 */
export function listen(path, handlers, signal, options = {}) {
  /** @type {EventSource | null} */
  let source = null;
  let pause = firstPause;

  const close = () => {
    source?.close();
    source = null;
  };

  const open = () => {
    if (source || signal.aborted || (document.hidden && !options.keepHidden)) return;
    const opened = (source = new EventSource(path));
    opened.onopen = () => {
      pause = firstPause;
      reportSuccess();
    };
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
    const reason = await refusal(path, signal);
    if (signal.aborted) return undefined;
    // The page asks for the token, and then shows everything anew.
    if (reason?.status === 401) return undefined;
    if (reason?.status === 404) return handlers.close?.(null);
    if (reason?.status > 0 && pause === firstPause) problem(reason);
    try {
      await delay(pause, signal);
      if (reason?.status > 0) pause = Math.min(2 * pause, longestPause);
      open();
    } catch {
      /* The view is gone. */
    }
    return undefined;
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

/** Why a stream is refused, which an `EventSource` does not tell; null if it is not any more. */
async function refusal(path, signal) {
  const enough = new AbortController();
  try {
    await request(path, { signal: AbortSignal.any([signal, enough.signal]) });
    return null;
  } catch (error) {
    return error;
  } finally {
    enough.abort();
  }
}
