/** A line that may change many times a second: a screen reader reads it out every few seconds only. */
import { h } from '../dom.js';

const pause = 4000;

/** @param {string} text */
export function spokenLine(text) {
  const element = h('p', { class: 'small muted', role: 'status' }, text);
  let spoken = -pause;
  return {
    element,
    /** @param {string} next @param {{ isLast?: boolean }} [options] `isLast`: read out in any case. */
    set(next, { isLast = false } = {}) {
      const now = performance.now();
      const isSpoken = isLast || now - spoken >= pause;
      if (isSpoken) spoken = now;
      element.setAttribute('aria-live', isSpoken ? 'polite' : 'off');
      element.textContent = next;
    },
  };
}
