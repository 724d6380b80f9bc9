/** Whether the server answers. After a failure it is asked every two seconds until it does. */

let isDown = false;
const listeners = new Set();

/** A request failed, or a stream broke off: asks whether the server is still there. */
export function reportFailure() {
  if (!isDown) probe();
}

/** The server answered. */
export function reportSuccess() {
  set(false);
}

/** @param {(isDown: boolean) => void} listener Called at every change. */
export function onConnection(listener) {
  listeners.add(listener);
}

function set(down) {
  if (isDown === down) return;
  isDown = down;
  for (const listener of listeners) listener(down);
}

async function probe() {
  try {
    await fetch('/api/session', { cache: 'no-store' });
    set(false);
  } catch {
    set(true);
    setTimeout(probe, 2000);
  }
}
