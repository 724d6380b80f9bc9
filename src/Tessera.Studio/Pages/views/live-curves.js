/** Curves of a run, and of others over them. */
import { ask, runPath } from '../api.js';
import { button } from '../components/button.js';
import { checkbox, select } from '../components/field.js';
import { term } from '../components/term.js';
import { problem } from '../components/toast.js';
import { delay, fill, h, perFrame } from '../dom.js';
import { findRun, onRuns } from '../state/runs.js';
import { colors, lossChart, rowChart, rowColumns } from './live-chart.js';
import { appendSeries } from './series.js';

const maximumPoints = 3000;
const ranges = [
  { value: 'all', label: 'the whole run' },
  { value: '0.5', label: 'its last half' },
  { value: '0.1', label: 'its last tenth' },
  { value: '1000', label: 'its last 1,000 updates' },
];

/**
 * @param {any} details Of the run.
 * @param {AbortSignal} signal
 */
export function liveCurves(details, signal) {
  const main = details.run;
  const kind = main.kind;
  const settings = { logX: false, logY: true, smooth: 201, range: 'all', zoom: null };
  /** The runs shown, the run itself first. @type {Map<string, any>} */
  const shown = new Map([[main.id, { run: main, series: null, rows: {} }]]);
  let isStale = false;

  /** By their columns: those of a run that has just begun are not known at once. @type {Map<string, any>} */
  const charts = new Map();
  /** @type {ReturnType<typeof rowChart> | null} */
  let rows = null;
  const place = h('div', { class: 'charts' });

  /**
   * Makes the charts of columns that have none.
   * @param {{ series: string[], metrics: string[], evaluation: string[] }} columns
   */
  const chart = columns => {
    for (const column of columns.series) {
      if (!charts.has(column)) charts.set(column, lossChart(column, settings, shown, signal, zoom));
    }
    const names = rowColumns(columns);
    if (rows) rows.offer(names);
    else if (names.length > 0) rows = rowChart(names, settings, shown, signal);
    const wanted = [...charts.values(), ...(rows ? [rows] : [])].map(item => item.element);
    if (wanted.length !== place.children.length) fill(place, wanted);
  };
  const draw = () => {
    for (const item of charts.values()) item.draw();
    rows?.draw();
  };
  const drawSoon = perFrame(draw, signal);
  const legend = h('div', { class: 'legend' });
  const reset = button('Whole run', () => zoom(null), { class: 'small' });
  reset.hidden = true;

  function zoom(range) {
    settings.zoom = range;
    reset.hidden = range === null;
    reload();
  }

  const fetchOne = async entry => {
    const last = entry.series?.last ?? 0;
    const at = settings.zoom ?? rangeOf(settings.range, last);
    const smooth = settings.smooth;
    const path = runPath(entry.run.id, 'series', { buckets: 800, smooth, ...(at ?? {}) });
    let series = await ask(path, { signal });
    if (!at && settings.range !== 'all' && last === 0) {
      series = await ask(
        runPath(entry.run.id, 'series', { buckets: 800, smooth, ...rangeOf(settings.range, series.last) }),
        { signal },
      );
    }
    entry.series = series;
    const [metrics, evaluations] = await Promise.all(
      ['metrics', 'evaluations'].map(name => ask(runPath(entry.run.id, name), { signal })),
    );
    entry.rows = { metrics: metrics.columns, evaluations: evaluations.columns };
    if (entry.run.id === main.id) {
      chart({
        series: Object.keys(series.columns),
        metrics: Object.keys(metrics.columns),
        evaluation: Object.keys(evaluations.columns),
      });
    }
  };

  let under = null;
  /** Reads everything again. While it is at it, further wishes wait for the next round. */
  const reload = () => {
    if (under) {
      isStale = true;
      return under;
    }
    isStale = false;
    under = Promise.all(
      [...shown.values()].map(entry =>
        fetchOne(entry).catch(error => {
          if (error.status === 404 && entry.run.id !== main.id) remove(entry.run.id);
          else if (error.status !== 404) problem(error);
        }),
      ),
    ).then(() => {
      under = null;
      draw();
      if (isStale && !signal.aborted) reload();
    });
    return under;
  };

  const remove = id => {
    shown.delete(id);
    showLegend();
    draw();
  };

  const showLegend = () =>
    fill(
      legend,
      [...shown.values()].map(({ run }, i) =>
        h('span', {}, h('i', { style: { color: `var(${colors[i % colors.length]})` } }), run.name),
      ),
    );

  chart(details.columns);
  // Smoothed values come from the server: they follow every few seconds, while new raw ones are drawn at once.
  (async () => {
    await reload();
    while (!signal.aborted) {
      await delay(3000, signal).catch(() => {});
      const isAnyRunning = [...shown.keys()].some(id => findRun(id)?.state === 'running');
      if (!document.hidden && !signal.aborted && (isStale || isAnyRunning)) await reload();
    }
  })();
  showLegend();

  const controls = h(
    'div',
    { class: 'card-head' },
    h('h2', {}, 'Curves'),
    h(
      'div',
      { class: 'end' },
      reset,
      select(
        'Updates shown',
        ranges,
        settings.range,
        value => {
          settings.range = value;
          settings.zoom = null;
          reset.hidden = true;
          reload();
        },
        { isPlain: true },
      ).element,
      h(
        'span',
        { class: 'row small' },
        term('smoothing', 'Smoothing'),
        select(
          'Window of the smoothing',
          [
            ['0', 'none'],
            ['51', '51 updates'],
            ['201', '201 updates'],
            ['1001', '1,001 updates'],
          ].map(([value, label]) => ({ value, label })),
          '201',
          value => {
            settings.smooth = Number(value);
            reload();
          },
          { isPlain: true },
        ).element,
      ),
      checkbox('log error', settings.logY, isOn => {
        settings.logY = isOn;
        draw();
      }).element,
      checkbox('log updates', settings.logX, isOn => {
        settings.logX = isOn;
        draw();
      }).element,
    ),
  );

  const element = h(
    'section',
    { class: 'card' },
    controls,
    place,
    h('div', { class: 'row', style: { 'margin-top': '12px' } }, legend, overlays()),
  );

  function overlays() {
    const list = h('div', { class: 'overlays' });
    const box = h('details', { hidden: true }, h('summary', { class: 'small' }, 'Other runs over these'), list);
    let offered = '';
    // After a reload of the page the list of runs may come later than this one.
    onRuns(runs => {
      const others = runs.filter(
        run => run.id !== main.id && run.kind === kind && run.state !== 'damaged' && !run.isBuiltIn,
      );
      const names = others.map(run => `${run.id} ${run.name}`).join();
      if (names === offered) return;
      offered = names;
      box.hidden = others.length === 0;
      fill(
        list,
        others.map(run => checkbox(run.name, shown.has(run.id), isOn => overlay(run, isOn)).element),
      );
    }, signal);
    return box;
  }

  function overlay(run, isOn) {
    if (!isOn) return remove(run.id);
    shown.set(run.id, { run, series: null, rows: {} });
    showLegend();
    return reload();
  }

  return {
    element,
    reload,
    stale() {
      isStale = true;
    },
    /** @param {import('../types.js').Run} run */
    showRun(run) {
      const was = shown.get(main.id).run.state;
      shown.get(main.id).run = run;
      if (was === 'running' && run.state !== 'running') reload();
    },
    /** @param {import('../types.js').Series} data New updates. */
    append(data) {
      const entry = shown.get(main.id);
      // The first answer holds the whole run, as an event after a broken connection may: the smoothed curve has it too.
      if (entry.series && Object.keys(entry.series.columns).length === 0) return void reload();
      if (!entry.series || data.updates.length === 0 || settings.zoom || settings.range !== 'all') return;
      if (!appendSeries(entry.series, data)) return;
      if (entry.series.updates.length > maximumPoints) reload();
      drawSoon();
    },
  };
}

function rangeOf(range, last) {
  if (range === 'all' || last === 0) return undefined;
  const length = range === '1000' ? 1000 : Math.ceil(last * Number(range));
  return { from: Math.max(1, last - length + 1), to: last };
}
