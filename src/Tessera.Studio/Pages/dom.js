/** Makes elements. */

/**
 * An element. Properties that begin with `on` are listeners, `class` is the class, `style` an object of CSS properties,
 * `dataset` an object; booleans set or leave out an attribute; anything else is an attribute.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | number | null | undefined | false | any[])} children
 * @returns {any} The element.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'hidden') element[name] = value;
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  element.append(...flatten(children));
  return element;
}

/**
 * Replaces all children of an element.
 * @param {Element} element
 * @param {...any} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...flatten(children));
}

/**
 * The words of a command, which break at their spaces: not after the hyphens of an option.
 * @param {string} text
 */
export const words = text =>
  text.split(' ').map((word, i) => [i > 0 && ' ', word.includes('-') ? h('span', { class: 'word' }, word) : word]);

let lastId = 0;

/** @returns {string} An id that no other element has. */
export const newId = () => `e${++lastId}`;

function flatten(children) {
  return children
    .flat(3)
    .filter(child => child !== null && child !== undefined && child !== false)
    .map(child => (child instanceof Node ? child : String(child)));
}

/**
 * Calls a function at most once a frame, however often it is asked to.
 * @param {() => void} work
 * @param {AbortSignal} [signal] Ends it.
 * @returns {() => void}
 */
export function perFrame(work, signal) {
  let asked = false;
  return () => {
    if (asked || signal?.aborted) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      if (!signal?.aborted) work();
    });
  };
}

/**
 * Calls a function after a pause without further calls.
 * @param {(...args: any[]) => void} work
 * @param {number} milliseconds
 */
export function debounce(work, milliseconds) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), milliseconds);
  };
}

/**
 * Waits.
 * @param {number} milliseconds
 * @param {AbortSignal} [signal] Ends the wait with an `AbortError`.
 */
export function delay(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new DOMException('', 'AbortError'));
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(new DOMException('', 'AbortError'));
      },
      { once: true },
    );
  });
}
