/** Numbers as people read them. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** @param {number | null | undefined} value */
export const count = value => (value === null || value === undefined ? '–' : grouped.format(value));

/**
 * A number with so many significant digits.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function significant(value, digits = 3) {
  if (value === null || value === undefined) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 10 ** digits) return grouped.format(value);
  if (size < 1e-4) return value.toExponential(digits - 1);
  return String(Number(value.toPrecision(digits)));
}

/** @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const hours = Math.floor(whole / 3600);
  if (hours < 48) return `${hours} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** @param {string | null} iso */
export function since(iso) {
  if (!iso) return '';
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  if (seconds < 90) return 'just now';
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes ago`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} hours ago`;
  return new Date(iso).toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' });
}

/** @param {number} fraction */
export const percent = fraction => `${Math.round(fraction * 100)} %`;

/** "1 code", "2 codes". @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/**
 * An image of a split, in the middle of a sentence.
 * @param {string} split `test`, `train`, or `shapes`: images that the program makes itself.
 * @param {number} number
 */
export const imageName = (split, number) => `${split === 'shapes' ? 'generated' : split} image ${number}`;

/** "2,000 test images". @param {number} n @param {string} split */
export const imagesOf = (n, split) =>
  split === 'shapes'
    ? `${count(n)} images that the program generated, since the run’s own are not on this machine`
    : `${count(n)} ${split} images`;
