/** Decodes what changes faster than it can be decoded: one request is under way, and only the newest wish waits. */
import { decode } from '../../api.js';

/**
 * @param {string} run
 * @param {(pixels: ImageData, milliseconds: number) => void} onPixels
 * @param {(error: any) => void} onError
 * @param {AbortSignal} signal
 */
export function newestDecoder(run, onPixels, onError, signal) {
  /** @type {import('../../types.js').Tokens | null} */
  let next = null;
  let isBusy = false;

  const work = async () => {
    isBusy = true;
    while (next && !signal.aborted) {
      const tokens = next;
      next = null;
      const start = performance.now();
      try {
        const pixels = await decode(run, tokens, signal);
        if (!signal.aborted) onPixels(pixels, performance.now() - start);
      } catch (error) {
        if (error.name !== 'AbortError') onError(error);
      }
    }
    isBusy = false;
  };

  /** @param {import('../../types.js').Tokens} tokens */
  return tokens => {
    next = tokens;
    if (!isBusy) work();
  };
}
