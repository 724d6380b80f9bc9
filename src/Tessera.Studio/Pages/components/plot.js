/** A plot of curves over updates, drawn by uPlot, which is loaded when the first one is made. */
import { fill, h, perFrame } from '../dom.js';
import { count, significant } from '../format.js';
import { color, onTheme } from '../theme.js';
import { logTicks } from './log-ticks.js';

/**
 * @typedef {object} Curve
 * @property {string} label
 * @property {string} color A custom property.
 * @property {number[]} x Ascending.
 * @property {(number | null)[]} y
 * @property {number} [width]
 * @property {number} [alpha]
 * @property {boolean} [dots] Points only.
 * @property {boolean} [isQuiet] Not in the values under the pointer, nor in what a screen reader hears.
 * @property {{ low: (number | null)[], high: (number | null)[] }} [band]
 */

/**
 * @typedef {object} PlotState
 * @property {Curve[]} curves
 * @property {boolean} logX
 * @property {boolean} logY
 */

/**
 * @param {string} label
 * @param {AbortSignal} signal
 * @param {(range: { from: number, to: number } | null) => void} [onZoom] A range was drawn with the pointer; null: all.
 */
export function plot(label, signal, onZoom) {
  const box = h('div', { class: 'chart-box', role: 'img', 'aria-label': label });
  const values = h('div', { class: 'plot-values', 'aria-hidden': 'true' });
  const empty = h('p', { class: 'plot-empty small muted', hidden: true }, 'No values yet.');
  const element = h('div', { class: 'plot' }, box, empty, values);
  /** @type {PlotState} */
  let state = { curves: [], logX: false, logY: false };
  let chart = null;
  let shape = '';
  let uPlot = null;

  import('../vendor/uPlot.js').then(module => {
    uPlot = module.default;
    render();
  });

  const render = perFrame(() => {
    if (!uPlot || box.clientWidth === 0) return;
    const data = dataOf(state);
    empty.hidden = data[0].length > 0;
    const wanted = JSON.stringify([
      state.logX,
      state.logY,
      state.curves.map(c => [c.label, c.color, c.width, c.dots, !!c.band]),
    ]);
    if (chart && wanted === shape) {
      chart.setData(data);
    } else {
      chart?.destroy();
      shape = wanted;
      chart = new uPlot(options(), data, box);
    }
    describe();
  }, signal);

  const options = () => {
    const text = color('--muted');
    const lines = color('--line');
    const axis = {
      stroke: text,
      grid: { stroke: lines, width: 1 },
      ticks: { stroke: lines, width: 1 },
      font: '12px system-ui',
    };
    const series = [{}];
    const bands = [];
    for (const curve of state.curves) {
      const stroke = fade(color(curve.color), curve.alpha ?? 1);
      series.push({
        label: curve.label,
        stroke,
        width: curve.dots ? 0 : (curve.width ?? 1.5),
        spanGaps: true,
        points: { show: Boolean(curve.dots), size: 6, fill: stroke, stroke, width: 0 },
      });
      if (!curve.band) continue;
      const none = { width: 0, stroke: 'transparent', points: { show: false }, spanGaps: true };
      series.push({ ...none }, { ...none });
      bands.push({ series: [series.length - 1, series.length - 2], fill: fade(color(curve.color), 0.13) });
    }
    return {
      width: box.clientWidth,
      height: box.clientHeight,
      series,
      bands,
      legend: { show: false },
      cursor: { drag: { x: Boolean(onZoom), y: false, setScale: false }, points: { size: 7 } },
      select: { show: Boolean(onZoom) },
      scales: {
        x: { time: false, distr: state.logX ? 3 : 1 },
        y: { distr: state.logY ? 3 : 1, range: state.logY ? logRange : undefined },
      },
      axes: [
        {
          ...axis,
          ...linesOf(state.logX),
          size: 34,
          values: (_, ticks) => ticks.map(tick => (tick === null ? '' : short(tick))),
        },
        {
          ...axis,
          ...linesOf(state.logY),
          size: 60,
          values: (_, ticks) => ticks.map(tick => (tick === null ? '' : short(tick))),
        },
      ],
      hooks: {
        setCursor: [showValues],
        setSelect: [zoomed],
        ready: [u => u.over.addEventListener('dblclick', () => onZoom?.(null))],
      },
    };
  };

  const zoomed = u => {
    if (u.select.width < 4) return;
    const from = Math.max(1, Math.round(u.posToVal(u.select.left, 'x')));
    const to = Math.round(u.posToVal(u.select.left + u.select.width, 'x'));
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (to > from) onZoom?.({ from, to });
  };

  const showValues = u => {
    const i = u.cursor.idx;
    if (i === null || i === undefined) return fill(values);
    const parts = [`update ${count(u.data[0][i])}`];
    let column = 1;
    for (const curve of state.curves) {
      const value = nearest(u.data[column], i);
      if (!curve.isQuiet && value !== null) parts.push(`${curve.label} ${significant(value)}`);
      column += curve.band ? 3 : 1;
    }
    return fill(values, parts.join(' · '));
  };

  const describe = () => {
    const parts = state.curves
      .filter(curve => !curve.isQuiet && curve.y.length > 0)
      .map(curve => {
        const first = curve.y.findIndex(v => v !== null);
        const last = curve.y.findLastIndex(v => v !== null);
        if (first < 0) return `${curve.label}: no values yet`;
        return (
          `${curve.label}: ${significant(curve.y[first])} at update ${count(curve.x[first])}, ` +
          `${significant(curve.y[last])} at update ${count(curve.x[last])}`
        );
      });
    box.setAttribute('aria-label', `${label}. ${parts.join('; ')}`);
  };

  const observer = new ResizeObserver(() => {
    if (!chart) return render();
    if (box.clientWidth > 0 && chart.width !== box.clientWidth) {
      chart.setSize({ width: box.clientWidth, height: box.clientHeight });
    }
    return undefined;
  });
  observer.observe(box);
  onTheme(() => {
    shape = '';
    render();
  }, signal);
  signal.addEventListener('abort', () => {
    observer.disconnect();
    chart?.destroy();
  });

  return {
    element,
    /** @param {PlotState} next */
    show(next) {
      state = next;
      render();
    },
  };

  /** uPlot wants one list of x for all curves. */
  function dataOf({ curves, logX, logY }) {
    const tables = [];
    for (const curve of curves) {
      const usable = list => (logY ? list.map(v => (v > 0 ? v : null)) : list);
      const table = [logX ? curve.x.map(x => Math.max(1, x)) : curve.x, usable(curve.y)];
      if (curve.band) table.push(usable(curve.band.low), usable(curve.band.high));
      tables.push(table);
    }
    const filled = tables.filter(table => table[0].length > 0);
    if (filled.length === 0) return [[], ...tables.flatMap(table => table.slice(1).map(() => []))];
    return tables.length === 1 ? tables[0] : uPlot.join(tables);
  }
}

function nearest(list, i) {
  for (let step = 0; step < 40; step++) {
    if (list[i - step] !== null && list[i - step] !== undefined) return list[i - step];
  }
  return null;
}

function short(value) {
  if (Math.abs(value) >= 1e6) return `${significant(value / 1e6)} M`;
  if (Math.abs(value) >= 1e4) return `${significant(value / 1e3)} k`;
  if (value !== 0 && Math.abs(value) < 1e-3) return String(Number(value.toPrecision(2)).toExponential());
  return significant(value, 4);
}

const linesOf = isLog =>
  isLog ? { splits: (u, i, low, high) => logTicks(low, high), filter: (u, ticks) => ticks } : {};

/** Close around the values, where uPlot would take whole powers of ten. */
const logRange = (_, low, high) => (low > 0 ? [low / 1.12, high * 1.12] : [0.1, 1]);

const fade = (rgb, alpha) => (alpha === 1 ? rgb : rgb.replace('rgb(', 'rgba(').replace(')', `, ${alpha})`));
