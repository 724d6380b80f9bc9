/** Curves of a run, and of others over them. */
import { ask, runPath } from '../api.js';
import { problem } from '../components/toast.js';
import { delay, fill, h, perFrame } from '../dom.js';
import { findRun } from '../state/runs.js';
import { colors, lossChart, rowChart, rowColumns } from './live-chart.js';
import { curveControls, overlayChoice } from './live-curve-controls.js';
import { appendSeries } from './series.js';

const maximumPoints = 3000;

/**
 * A run that is shown.
 * @typedef {{ run: import('../types.js').Run, series: import('../types.js').Series | null, rows: any }} Entry
 */

export class LiveCurves {
  /**
   * @param {any} details Of the run.
   * @param {AbortSignal} signal
   */
  constructor(details, signal) {
    this.signal = signal;
    this.settings = { logX: false, logY: true, smooth: 201, range: 'all', zoom: null };
    /** @type {Entry} The run itself. */
    this.main = { run: details.run, series: null, rows: {} };
    /** The runs shown, the run itself first. @type {Map<string, Entry>} */
    this.shown = new Map([[details.run.id, this.main]]);
    /** By their columns: those of a run that has just begun are not known at once. @type {Map<string, any>} */
    this.charts = new Map();
    /** @type {ReturnType<typeof rowChart> | null} */
    this.rows = null;
    /** Whether there is more to read. */
    this.isStale = false;
    /** @type {Promise<void> | null} Reading that is under way. */
    this.reading = null;
    this.drawSoon = perFrame(() => this.draw(), signal);
    this.build();
    this.makeCharts(details.columns);
    this.showLegend();
    this.follow();
  }

  build() {
    this.controls = curveControls(this);
    this.place = h('div', { class: 'charts' });
    this.legend = h('div', { class: 'legend' });
    this.element = h(
      'section',
      { class: 'card' },
      this.controls.element,
      this.place,
      h('div', { class: 'row', style: { 'margin-top': '12px' } }, this.legend, overlayChoice(this)),
    );
  }

  /**
   * Makes the charts of columns that have none.
   * @param {{ series: string[], metrics: string[], evaluation: string[] }} columns
   */
  makeCharts(columns) {
    const { charts, settings, shown, signal } = this;
    for (const column of columns.series) {
      if (charts.has(column)) continue;
      charts.set(column, lossChart(column, settings, shown, signal, range => this.zoom(range)));
    }
    const names = rowColumns(columns);
    if (this.rows) this.rows.offer(names);
    else if (names.length > 0) this.rows = rowChart(names, settings, shown, signal);
    const wanted = [...charts.values(), ...(this.rows ? [this.rows] : [])].map(item => item.element);
    if (wanted.length !== this.place.children.length) fill(this.place, wanted);
  }

  draw() {
    for (const item of this.charts.values()) item.draw();
    this.rows?.draw();
  }

  showLegend() {
    const names = [...this.shown.values()].map(({ run }) => run.name);
    // One run alone has a colour for each of its two curves.
    const labels = names.length > 1 ? names : ['training', 'test'];
    const entry = (label, i) => h('span', {}, h('i', { style: { color: `var(${colors[i % colors.length]})` } }), label);
    fill(this.legend, labels.map(entry));
  }

  /** Smoothed values come from the server: they follow every few seconds, while new raw ones are drawn at once. */
  async follow() {
    await this.reload();
    while (!this.signal.aborted) {
      await delay(3000, this.signal).catch(() => {});
      const isAnyRunning = [...this.shown.keys()].some(id => findRun(id)?.state === 'running');
      if (!document.hidden && !this.signal.aborted && (this.isStale || isAnyRunning)) await this.reload();
    }
  }

  /** Reads everything again. While it is at it, further wishes wait for the next round. */
  reload() {
    if (this.reading) {
      this.isStale = true;
      return this.reading;
    }
    this.isStale = false;
    this.reading = Promise.all([...this.shown.values()].map(entry => this.readOr(entry))).then(() => {
      this.reading = null;
      this.draw();
      if (this.isStale && !this.signal.aborted) this.reload();
    });
    return this.reading;
  }

  /** Reads a run. One that was deleted is not shown over this one any more. @param {Entry} entry */
  async readOr(entry) {
    try {
      await this.read(entry);
    } catch (error) {
      if (error.status !== 404) problem(error);
      else if (entry !== this.main) this.remove(entry.run.id);
    }
  }

  /** @param {Entry} entry */
  async read(entry) {
    entry.series = await this.readSeries(entry);
    const [metrics, evaluations] = await Promise.all(
      ['metrics', 'evaluations'].map(name => ask(runPath(entry.run.id, name), { signal: this.signal })),
    );
    entry.rows = { metrics: metrics.columns, evaluations: evaluations.columns };
    if (entry !== this.main) return;
    this.makeCharts({
      series: Object.keys(entry.series.columns),
      metrics: Object.keys(metrics.columns),
      evaluation: Object.keys(evaluations.columns),
    });
  }

  /** The losses of the updates that are shown. @param {Entry} entry */
  async readSeries({ run, series }) {
    const { range, smooth, zoom } = this.settings;
    const ofRange = at =>
      ask(runPath(run.id, 'series', { buckets: 800, smooth, ...(at ?? {}) }), { signal: this.signal });
    const last = series?.last ?? 0;
    const at = zoom ?? rangeOf(range, last);
    const answer = await ofRange(at);
    // A part of a run can be asked for only when its length is known.
    return !at && range !== 'all' && last === 0 ? ofRange(rangeOf(range, answer.last)) : answer;
  }

  /** @param {{ from: number, to: number } | null} range Null: all that the choice says. */
  zoom(range) {
    this.settings.zoom = range;
    this.controls.showZoom(range !== null);
    this.reload();
  }

  /** Lays another run over this one, or takes it away. @param {import('../types.js').Run} run @param {boolean} isOn */
  overlay(run, isOn) {
    if (!isOn) return this.remove(run.id);
    this.shown.set(run.id, { run, series: null, rows: {} });
    this.showLegend();
    return this.reload();
  }

  /** @param {string} id */
  remove(id) {
    this.shown.delete(id);
    this.showLegend();
    this.draw();
  }

  /** There are new rows of the logs. */
  stale() {
    this.isStale = true;
  }

  /** @param {import('../types.js').Run} run The run itself has changed. */
  showRun(run) {
    const was = this.main.run.state;
    this.main.run = run;
    if (was === 'running' && run.state !== 'running') this.reload();
  }

  /** @param {import('../types.js').Series} data New updates. */
  append(data) {
    const { series } = this.main;
    // The first answer holds the whole run, as an event after a broken connection may: the smoothed curve has it too.
    if (series && Object.keys(series.columns).length === 0) return void this.reload();
    if (!series || data.updates.length === 0 || this.settings.zoom || this.settings.range !== 'all') return;
    if (!appendSeries(series, data)) return;
    if (series.updates.length > maximumPoints) this.reload();
    this.drawSoon();
  }
}

function rangeOf(range, last) {
  if (range === 'all' || last === 0) return undefined;
  const length = range === '1000' ? 1000 : Math.ceil(last * Number(range));
  return { from: Math.max(1, last - length + 1), to: last };
}
