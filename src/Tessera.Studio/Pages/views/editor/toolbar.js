/** The editor's tools and what can be done with a selection. */
import { button, choice } from '../../components/button.js';
import { ramp } from '../../components/heat.js';
import { term } from '../../components/term.js';
import { h } from '../../dom.js';
import { openExport } from './exporter.js';
import { tools } from './tools.js';

/**
 * @param {import('../editor.js').Editor} editor
 */
export function toolbar(editor) {
  const { state } = editor;
  const toolChoice = choice(
    'Tool',
    tools.map(tool => ({
      value: tool.name,
      label: tool.label,
      icon: tool.icon,
      title: `${tool.label}: ${tool.what} (${tool.key})`,
    })),
    state.tool,
    tool => state.setTool(tool),
  );
  state.on(['tool'], () => toolChoice.set(state.tool));
  const act = (label, icon, keys, work) =>
    button(label, work, { icon, iconOnly: true, class: 'small', title: `${label} (${keys})` });
  const undo = act('Undo', 'undo', 'Ctrl+Z', () => state.active?.document?.undo());
  const redo = act('Redo', 'redo', 'Ctrl+Y', () => state.active?.document?.redo());
  const fillButton = button('Fill selection', () => editor.fillSelection(), {
    class: 'small',
    title: 'Fill the selection with the brush’s code (F)',
  });
  const copyButton = act('Copy', 'copy', 'Ctrl+C', () => editor.copy());
  const pasteButton = act('Paste', 'paste', 'Ctrl+V', () => editor.paste());
  const enable = () => {
    const pane = state.active;
    undo.disabled = !pane?.document?.canUndo;
    redo.disabled = !pane?.document?.canRedo;
    copyButton.disabled = fillButton.disabled = !pane?.selection;
    pasteButton.disabled = !state.clip || !pane?.document;
  };
  state.on(['selection', 'document', 'clip', 'layer'], enable);
  enable();
  const levels =
    state.layers.length > 1
      ? h(
          'span',
          { class: 'row' },
          h('span', { class: 'small' }, term('level', 'Level')),
          choice(
            'Level',
            state.layers.map((layer, i) => ({ value: i, label: layer.name })),
            0,
            i => state.setLayer(state.layers[i]),
          ).element,
        )
      : null;
  const legend = ramp('0', '10 nats');
  legend.hidden = true;
  const nats = editor.model.prior
    ? button(
        'Surprise',
        () => {
          const isOn = nats.getAttribute('aria-pressed') !== 'true';
          nats.setAttribute('aria-pressed', String(isOn));
          legend.hidden = !isOn;
          state.showNats(isOn);
        },
        { class: 'small', pressed: false, title: 'Show how surprised the prior is by each code' },
      )
    : null;
  return h(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': 'Tools' },
    toolChoice.element,
    h('span', { class: 'buttons' }, undo, redo),
    h('span', { class: 'buttons' }, copyButton, pasteButton),
    fillButton,
    levels,
    nats,
    legend,
    button(
      'Export',
      () =>
        openExport(
          editor.model.id,
          (state.active ?? editor.a).document,
          location.origin + location.pathname + editor.linkOf(),
          editor.signal,
        ),
      { class: 'small', icon: 'download' },
    ),
  );
}
