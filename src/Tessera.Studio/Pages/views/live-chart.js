/** One plot of a run's curves, of a column that is given or chosen. */
import { select } from '../components/field.js';
import { plot } from '../components/plot.js';
import { term } from '../components/term.js';
import { h } from '../dom.js';
import { columnName, glossary } from '../glossary.js';

/** Of the runs over each other. */
export const colors = ['--accent', '--warm', '--plum', '--ochre', '--good', '--bad'];

/** One column of the losses of every update. */
export function lossChart(column, settings, shown, signal, onZoom) {
  const drawing = plot(columnName(column), signal, onZoom);
  return {
    element: h(
      'div',
      {},
      h('div', { class: 'chart-title' }, h('h3', {}, term(column, columnName(column)))),
      drawing.element,
    ),
    draw() {
      const curves = [...shown.values()].flatMap((entry, i) =>
        curvesOf(entry, column, colors[i % colors.length], shown.size > 1),
      );
      drawing.show({ curves, logX: settings.logX, logY: settings.logY && column !== 'perplexity' });
    },
  };
}

/**
 * The curves of a column of a run: training, smoothed, test.
 * @param {{ run: import('../types.js').Run, series: import('../types.js').Series | null, rows: any }} entry
 * @param {string} column
 * @param {string} color
 * @param {boolean} isOneOfSeveral They have the run's name and its one colour.
 */
export function curvesOf({ run, series, rows }, column, color, isOneOfSeveral) {
  const data = series?.columns[column];
  if (!data) return [];
  const x = series.updates;
  const prefix = isOneOfSeveral ? `${run.name} ` : '';
  const isReduced = series.perBucket > 1;
  const curves = [];
  const raw = { label: `${prefix}training`, color, x, y: data.mean, width: 1, alpha: data.smooth ? 0.35 : 1 };
  curves.push({
    ...raw,
    isQuiet: Boolean(data.smooth),
    band: isReduced && !isOneOfSeveral ? { low: data.min, high: data.max } : undefined,
  });
  if (data.smooth) curves.push({ label: `${prefix}training, smoothed`, color, x, y: data.smooth, width: 2 });
  const tested = rows.evaluations;
  if (tested?.[column]?.length > 0) {
    const keep = tested.update
      .map((update, i) => [update, tested[column][i]])
      .filter(([update]) => update >= series.from && update <= series.to);
    curves.push({
      label: `${prefix}test`,
      color: isOneOfSeveral ? color : '--warm',
      x: keep.map(row => row[0]),
      y: keep.map(row => row[1]),
      dots: true,
    });
  }
  return curves;
}

/** The columns of both logs. @param {any} columns */
export const rowColumns = columns =>
  [
    ...new Set([
      ...columns.evaluation.map(name => `evaluations ${name}`),
      ...columns.metrics.map(name => `metrics ${name}`),
    ]),
  ].filter(name => !name.endsWith(' update'));

/** A column of the logs, to choose. @param {string[]} names Of `rowColumns`. */
export function rowChart(names, settings, shown, signal) {
  let chosen = names.find(name => name === 'metrics learning_rate') ?? names[0];
  const drawing = plot('A column of the logs', signal);
  /** @param {string} name */
  const label = name => `${columnName(name.split(' ')[1])} (${name.startsWith('m') ? 'training' : 'test'})`;
  const explain = h('span', { class: 'small muted' });
  const draw = () => {
    const [file, column] = chosen.split(' ');
    explain.replaceChildren(glossary[column] ? term(column, 'what is it?') : '');
    const curves = [...shown.values()].flatMap(({ run, rows }, i) =>
      rows[file]?.[column]
        ? [
            {
              label: run.name,
              // Alone, a run has the colours of the other charts.
              color: shown.size === 1 && file === 'evaluations' ? '--warm' : colors[i % colors.length],
              x: rows[file].update,
              y: rows[file][column],
              width: 2,
              dots: rows[file].update.length === 1,
            },
          ]
        : [],
    );
    drawing.show({ curves, logX: settings.logX, logY: false });
  };
  const choices = () => names.map(name => ({ value: name, label: label(name) }));
  const list = select(
    'Column',
    choices(),
    chosen,
    value => {
      chosen = value;
      draw();
    },
    { isPlain: true },
  );
  return {
    element: h('div', {}, h('div', { class: 'chart-title' }, list.element, explain), drawing.element),
    draw,
    /** @param {string[]} now More columns than before. */
    offer(now) {
      // A list that is open must not close while nothing is new.
      if (now.join() === names.join()) return;
      names = now;
      list.setChoices(choices(), chosen);
    },
  };
}
