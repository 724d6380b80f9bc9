/** The list of runs, as the server last told it. */
import { listen } from '../stream.js';

/** @typedef {import('../types.js').Run} Run */
/** @typedef {import('../types.js').Folder} Folder */

/** @type {Run[] | null} Null until the first answer. */
let runs = null;
/** @type {Folder[]} */
let folders = [];
const listeners = new Set();

/** @type {AbortController | null} */
let following = null;

/** Begins to follow the list. */
export function followRuns() {
  following?.abort();
  following = new AbortController();
  listen(
    '/api/runs/events',
    {
      runs: putAll,
      run: putRun,
    },
    following.signal,
  );
}

/** @param {{ runs: Run[], folders: Folder[] }} data */
function putAll(data) {
  runs = data.runs;
  folders = data.folders;
  notify();
}

/**
 * Does not follow the list while a view follows its own run: a browser opens only six connections to one server.
 * @param {AbortSignal} signal Ends the rest.
 */
export function restRuns(signal) {
  onRuns(() => following?.abort(), signal);
  signal.addEventListener('abort', followRuns);
}

/**
 * A run has changed, or was started after the list was told.
 * @param {Run} run
 */
export function putRun(run) {
  if (!runs) return;
  const place = runs.findIndex(other => other.id === run.id);
  if (place < 0) runs.unshift(run);
  else runs[place] = run;
  notify();
}

/** @returns {Run[] | null} */
export const allRuns = () => runs;

/** @returns {Folder[]} */
export const allFolders = () => folders;

/**
 * @param {string | null | undefined} id
 * @returns {Run | undefined}
 */
export const findRun = id => runs?.find(run => run.id === id);

/**
 * Calls a function now, if the list is known, and whenever it changes.
 * @param {(runs: Run[]) => void} listener
 * @param {AbortSignal} signal
 */
export function onRuns(listener, signal) {
  listeners.add(listener);
  signal.addEventListener('abort', () => listeners.delete(listener));
  if (runs) listener(runs);
}

/**
 * Waits until the list is known.
 * @param {AbortSignal} signal
 */
export const whenKnown = signal => runs ?? new Promise(resolve => onRuns(resolve, signal));

function notify() {
  for (const listener of listeners) listener(runs);
}

/** Whether a run has a tokenizer to look into. @param {Run} run */
export const hasModel = run => run.kind === 'tokenizer' && run.state !== 'damaged' && run.modelVersion !== null;
