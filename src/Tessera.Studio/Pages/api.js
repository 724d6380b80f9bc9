/** The studio's API: docs/studio-api.md. Nothing else of the page calls `fetch`. */
import { delay } from './dom.js';
import { reportFailure, reportSuccess } from './state/connection.js';

/** What the server says is wrong, in one line. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {string | null} option The setting or member at fault.
   */
  constructor(status, message, option = null) {
    super(message);
    this.status = status;
    this.option = option;
  }
}

/**
 * @typedef {object} RequestOptions
 * @property {AbortSignal} [signal]
 * @property {any} [json] A body as JSON.
 * @property {Blob} [file] A body as it is.
 * @property {string} [accept]
 * @property {string} [method]
 */

/**
 * Sends a request and returns its answer, whatever its type.
 * @param {string} path
 * @param {RequestOptions} [options]
 * @returns {Promise<Response>}
 */
export async function request(path, options = {}) {
  const headers = {};
  let body;
  if (options.json !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(options.json);
  } else if (options.file) {
    headers['Content-Type'] = contentType(options.file);
    body = options.file;
  }
  if (options.accept) headers.Accept = options.accept;
  let response;
  try {
    const method = options.method ?? (body === undefined ? 'GET' : 'POST');
    response = await fetch(path, { method, headers, body, signal: options.signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    reportFailure();
    throw new ApiError(0, 'The studio does not answer.');
  }
  reportSuccess();
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** @typedef {RequestOptions & { onProgress?: (stage: string, fraction: number) => void }} WaitOptions */

/**
 * Sends a request and reads its answer as JSON. Where the server is still working (202), it asks again.
 * @param {string} path
 * @param {WaitOptions} [options]
 * @returns {Promise<any>}
 */
export async function ask(path, options = {}) {
  for (;;) {
    const response = await request(path, options);
    const text = await response.text();
    if (text === '') return null;
    const answer = JSON.parse(text);
    const isWaiting = response.status === 202 && typeof answer?.stage === 'string' && 'fraction' in answer;
    if (!isWaiting) return answer;
    await waitFor(answer, options);
  }
}

/**
 * The same for a picture.
 * @param {string} path
 * @param {WaitOptions} [options]
 * @returns {Promise<ImageBitmap>}
 */
export async function askImage(path, options = {}) {
  for (;;) {
    const response = await request(path, options);
    if (response.status !== 202) return createImageBitmap(await response.blob());
    await waitFor(await response.json(), options);
  }
}

/** @param {{ stage: string, fraction: number }} work Under way. @param {WaitOptions} options */
function waitFor(work, options) {
  options.onProgress?.(work.stage, work.fraction);
  return delay(300, options.signal);
}

/**
 * The path of an endpoint of a run, with its query.
 * @param {string} id
 * @param {string} [rest]
 * @param {Record<string, string | number | undefined>} [query]
 */
export function runPath(id, rest = '', query = {}) {
  return withQuery(`/api/runs/${encodeURIComponent(id)}${rest ? `/${rest}` : ''}`, query);
}

/**
 * @param {string} path
 * @param {Record<string, string | number | undefined>} query Members that are undefined are left out.
 */
export function withQuery(path, query) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * The ids of the runs that have some weights.
 * @param {string} weights Their hash.
 * @param {AbortSignal} signal
 * @returns {Promise<string[]>}
 */
export const runsWith = async (weights, signal) =>
  (await ask(`/api/weights/${encodeURIComponent(weights)}`, { signal })).runs;

/**
 * Decodes codes to pixels.
 * @param {string} id
 * @param {{ rows: number, columns: number, codes: number[] }} tokens
 * @param {AbortSignal} [signal]
 * @returns {Promise<ImageData>}
 */
export async function decode(id, tokens, signal) {
  const { rows, columns, codes } = tokens;
  const response = await request(runPath(id, 'decode'), {
    json: { rows, columns, codes },
    accept: 'application/octet-stream',
    signal,
  });
  const width = Number(response.headers.get('X-Image-Width'));
  const height = Number(response.headers.get('X-Image-Height'));
  return new ImageData(new Uint8ClampedArray(await response.arrayBuffer()), width, height);
}

/** @param {string} png Base64. */
export const dataUrl = png => `data:image/png;base64,${png}`;

function contentType(file) {
  if (file.name?.endsWith('.json')) return 'application/json';
  return file.type.startsWith('image/') ? file.type : 'application/octet-stream';
}

async function errorOf(response) {
  let message = `The studio answered ${response.status}.`;
  let option = null;
  try {
    const body = await response.json();
    message = body.error ?? message;
    option = body.option ?? null;
  } catch {
    /* Not JSON: the status has to do. */
  }
  if (response.status === 401) document.dispatchEvent(new Event('tokenneeded'));
  return new ApiError(response.status, message, option);
}
