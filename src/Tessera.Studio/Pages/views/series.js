/** Losses of every update, as the server reduces them to buckets. */

/** @typedef {import('../types.js').Series} Series */

/**
 * Adds updates that follow those of a series. Their buckets may be shorter; the smoothed curve ends before them, until
 * the server has smoothed it anew.
 * @param {Series} series Changed.
 * @param {Series} data
 * @returns {boolean} Whether there was anything new.
 */
export function appendSeries(series, data) {
  const start = data.updates.findIndex(update => update > series.to);
  if (start < 0) return false;
  for (const update of data.updates.slice(start)) series.updates.push(update);
  for (const [name, column] of Object.entries(series.columns)) {
    const added = data.columns[name];
    for (const part of ['min', 'max', 'mean']) {
      for (let i = start; i < data.updates.length; i++) column[part].push(added?.[part][i] ?? null);
    }
    if (column.smooth) for (let i = start; i < data.updates.length; i++) column.smooth.push(null);
  }
  series.to = data.to;
  series.last = Math.max(series.last, data.to);
  return true;
}
