/** A tokenizer and the atlas of its codes, kept as long as its weights do not change. */
import { ask, runPath } from '../api.js';
import { loadImage } from '../components/images.js';
import { findRun } from './runs.js';

/** @typedef {import('../types.js').Model} Model */
/** @typedef {import('../types.js').Atlas} Atlas */

/**
 * @param {string} id The run's.
 * @param {AbortSignal} signal
 * @returns {Promise<Model>}
 */
export const loadModel = (id, signal) => ask(runPath(id, 'model'), { signal });

/** @type {Map<string, AtlasImage>} */
const atlases = new Map();

/** What each code decodes to, ready to be drawn. */
export class AtlasImage {
  /** @param {string} id The run's. @param {Atlas} atlas @param {HTMLImageElement} image */
  constructor(id, atlas, image) {
    this.id = id;
    this.atlas = atlas;
    this.image = image;
    /**
     * How often each was chosen; null until it is counted.
     * @type {{ counts: number[], images: number, split: string } | null}
     */
    this.uses = null;
    /** @type {Map<number, number>} Places of the code numbers. */
    this.places = new Map(atlas.numbers.map((number, i) => [number, i]));
  }

  /**
   * Draws a code.
   * @param {CanvasRenderingContext2D} context
   * @param {number} number Of the code.
   * @param {number} x
   * @param {number} y
   * @param {number} size
   * @param {boolean} [isWhole] With what it does around its cell.
   */
  paint(context, number, x, y, size, isWhole = false) {
    const place = this.places.get(number);
    if (place === undefined) {
      // A codebook of over 4,096 codes: the rare ones have no tile.
      context.fillStyle = `hsl(${(number * 47) % 360} 30% 50%)`;
      context.fillRect(x, y, size, size);
      return;
    }
    const { tile, own, tilesPerRow } = this.atlas;
    const part = isWhole ? tile : own;
    const margin = (tile - part) / 2;
    const left = (place % tilesPerRow) * tile + margin;
    const top = Math.floor(place / tilesPerRow) * tile + margin;
    context.drawImage(this.image, left, top, part, part, x, y, size, size);
  }

  /** How often a code was chosen; 0 until it is counted. @param {number} number */
  count(number) {
    return this.uses?.counts[this.places.get(number) ?? -1] ?? 0;
  }

  /**
   * Counts how often the codes are chosen, which takes longer than the atlas itself.
   * @param {AbortSignal} signal
   * @param {(stage: string, fraction: number) => void} [onProgress]
   */
  async countUses(signal, onProgress) {
    this.uses ??= await ask(runPath(this.id, 'atlas/counts'), { signal, onProgress });
  }

  /** Its mean colour. @param {number} number */
  color(number) {
    return this.atlas.colors[this.places.get(number) ?? -1] ?? '#808080';
  }
}

/**
 * @param {string} id The run's.
 * @param {AbortSignal} signal
 * @param {(stage: string, fraction: number) => void} onProgress
 * @returns {Promise<AtlasImage>}
 */
export async function loadAtlas(id, signal, onProgress) {
  const key = `${id} ${findRun(id)?.modelVersion}`;
  const known = atlases.get(key);
  if (known) return known;
  const atlas = await ask(runPath(id, 'atlas'), { signal, onProgress });
  const image = await loadImage(atlas.url, signal);
  const made = new AtlasImage(id, atlas, image);
  atlases.clear();
  atlases.set(key, made);
  return made;
}
