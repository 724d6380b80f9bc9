/** The theme: the system's, or the one chosen here. */

const listeners = new Set();

/** @returns {'light' | 'dark'} The theme in use. */
export function currentTheme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Changes to the other theme and keeps the choice. */
export function toggleTheme() {
  const theme = currentTheme() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem('theme', theme);
  } catch {
    /* It then lasts until the page is closed. */
  }
  notify();
}

/**
 * Calls a function whenever the theme changes: what draws on a canvas has to draw again.
 * @param {() => void} listener
 * @param {AbortSignal} signal Ends it.
 */
export function onTheme(listener, signal) {
  listeners.add(listener);
  signal.addEventListener('abort', () => listeners.delete(listener));
}

const probe = document.createElement('span');

/**
 * A colour of the style sheet as a canvas takes it.
 * @param {string} name A custom property, such as `--accent`.
 * @returns {string}
 */
export function color(name) {
  if (!probe.isConnected) {
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** @returns {boolean} Whether the reader asked for less motion. */
export const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

function notify() {
  for (const listener of listeners) listener();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', notify);
