/** Addresses in the hash: `#/runs/5f1c2d3e4a6b/editor?a=...`. Nothing of them goes to the server. */

/**
 * @typedef {object} Route
 * @property {string[]} path The parts between the slashes.
 * @property {URLSearchParams} query
 */

/** @returns {Route} Where the page is. */
export function currentRoute() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

/**
 * The address of a view, for a link.
 * @param {string[]} path
 * @param {Record<string, string | number | undefined>} [query]
 */
export function href(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`;
}

/**
 * Goes to a view.
 * @param {string[]} path
 * @param {Record<string, string | number | undefined>} [query]
 */
export function go(path, query = {}) {
  location.hash = href(path, query);
}

/**
 * Goes to a view in place of this one: the step back leads to the one before.
 * @param {string[]} path
 * @param {Record<string, string | number | undefined>} [query]
 */
export function goInstead(path, query = {}) {
  location.replace(href(path, query));
}

/**
 * Changes the query of the address without leaving the view and without a step in the history.
 * @param {Record<string, string | number | undefined | null>} query What is undefined or null is removed.
 */
export function keepInAddress(query) {
  const { path, query: present } = currentRoute();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) present.delete(name);
    else present.set(name, String(value));
  }
  history.replaceState(history.state, '', href(path, Object.fromEntries(present)));
}
