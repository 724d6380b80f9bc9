/** Pictures from the server, whole or cut from a strip. */
import { h } from '../dom.js';

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<HTMLImageElement>}
 */
export async function loadImage(url, signal) {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {
    throw new Error(`a picture could not be loaded: ${url.startsWith('data:') ? 'damaged' : url.split('?')[0]}`);
  });
  signal?.throwIfAborted();
  return image;
}

/**
 * A canvas for one picture, in its own pixels.
 * @param {number} width
 * @param {number} height
 * @param {string} label For screen readers; empty for none.
 * @returns {HTMLCanvasElement}
 */
export function pixels(width, height, label) {
  return h('canvas', {
    class: 'pixels',
    width,
    height,
    ...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' }),
  });
}

/**
 * Draws a part of a picture over the whole of a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasImageSource} image
 * @param {number} x
 * @param {number} y
 * @param {number} [width] As wide as the canvas, unless given.
 * @param {number} [height]
 */
export function cut(canvas, image, x, y, width = canvas.width, height = canvas.height) {
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, x, y, width, height, 0, 0, canvas.width, canvas.height);
}

/**
 * Canvases for the pictures of a strip: one row without margins.
 * @param {number} count
 * @param {number} width Of one picture.
 * @param {number} height
 * @param {(i: number) => string} label
 */
export function stripOf(count, width, height, label) {
  const canvases = Array.from({ length: count }, (_, i) => pixels(width, height, label(i)));
  return {
    element: h('div', { class: 'strip' }, canvases),
    /** @param {HTMLImageElement} image */
    show(image) {
      canvases.forEach((canvas, i) => cut(canvas, image, i * width, 0));
    },
  };
}
