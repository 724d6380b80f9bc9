/** The token editor: paint with codes and see the picture change. */
import { ApiError, ask, runPath, runsWith } from '../api.js';
import { button } from '../components/button.js';
import { pickImage } from '../components/image-picker.js';
import { runHead } from '../components/run-head.js';
import { addShortcuts } from '../components/shortcuts.js';
import { problem, toast } from '../components/toast.js';
import { load } from '../components/waiting.js';
import { debounce, fill, h } from '../dom.js';
import { goInstead, href, keepInAddress } from '../router.js';
import { loadAtlas, loadModel } from '../state/model.js';
import { firstModel } from './first-model.js';
import { staleNotice } from './stale.js';
import { TokenDocument } from './editor/document.js';
import { interpolation } from './editor/interpolate.js';
import { layersOf } from './editor/layers.js';
import { fromText, longest, toText, weightsIn } from './editor/link.js';
import { Palette } from './editor/palette.js';
import { Pane } from './editor/pane.js';
import { EditorState } from './editor/state.js';
import { toolbar } from './editor/toolbar.js';
import { copy, paste, tools } from './editor/tools.js';

const accepted = 'image/*,.json,.npy';

/** @param {Element} root @param {import('../types.js').Context} context */
export async function mount(root, { path, query, signal }) {
  const id = path[1];
  const body = h('div');
  fill(root, runHead(id, 'editor', signal), body);
  await firstModel(body, id, signal);
  await load(
    body,
    'Opening the model',
    async onProgress => {
      const model = await modelOf(id, query, signal);
      return { model, atlas: await loadAtlas(id, signal, onProgress) };
    },
    ({ model, atlas }) => new Editor(body, model, atlas, query, signal),
    signal,
  );
}

/** The model of a run. A link to a run that is not here leads to one with the same weights. */
async function modelOf(id, query, signal) {
  try {
    return await loadModel(id, signal);
  } catch (error) {
    const weights = weightsIn(query);
    if (error.status !== 404 || !weights) throw error;
    const [other] = await runsWith(weights, signal);
    if (!other) throw new ApiError(404, 'Neither the run of this link is here, nor another with its weights.');
    goInstead(['runs', other, 'editor'], Object.fromEntries(query));
    throw new DOMException('', 'AbortError');
  }
}

export class Editor {
  constructor(root, model, atlas, query, signal) {
    this.model = model;
    this.signal = signal;
    this.state = new EditorState(model, atlas, layersOf(model));
    this.a = new Pane('A', this.state, signal, {
      onReplace: () => this.pick(this.a),
      onFile: file => this.openFile(this.a, file),
    });
    this.makeB();
    this.second = h('div', { class: 'stack' });
    this.walk = interpolation(
      model.id,
      () => ({ from: this.a.document, to: this.b.document }),
      tokens => this.takeFrame(tokens),
      signal,
    );
    this.palette = new Palette(this.state, signal);
    this.link = debounce(() => this.keepLink(), 300);
    this.notice = h('div', { role: 'status' });
    this.opened = { a: query.get('a'), b: query.get('b'), weights: weightsIn(query) ?? model.weights };
    fill(
      root,
      staleNotice(model, signal),
      this.notice,
      toolbar(this),
      h('div', { class: 'editor' }, h('div', { class: 'panes' }, this.a.element, this.second), this.palette.element),
    );
    this.showSecond();
    this.keys();
    this.state.on(['document'], this.link);
    this.begin(query);
  }

  /** The second picture, which is a new one after each time that it was closed. */
  makeB() {
    this.closing = new AbortController();
    this.b = new Pane('B', this.state, AbortSignal.any([this.signal, this.closing.signal]), {
      onReplace: () => this.pick(this.b),
      onFile: file => this.openFile(this.b, file),
      onClose: () => this.closeB(),
    });
  }

  /** Opens what the address names, else the first test picture. */
  async begin(query) {
    this.state.active = this.a;
    for (const [name, pane] of [
      ['a', this.a],
      ['b', this.b],
    ]) {
      const text = query.get(name);
      if (!text) continue;
      const tokens = fromText(text, this.model);
      if (tokens) this.showLinked(pane, tokens);
      else toast('The link’s codes do not fit this model.', { isBad: true });
    }
    if (!this.a.document) {
      await this.openFirst(query.get('split') ?? 'test', Number(query.get('image') ?? 0));
      if (!this.a.document) this.showEmpty();
    }
    const cell = query.get('cell');
    if (cell && this.a.document) {
      const [y, x] = cell.split('.').map(Number);
      const fineness = this.state.layer.fineness;
      this.a.select(
        { x: x * fineness, y: y * fineness, width: fineness, height: fineness },
        (y * this.a.columns + x) * fineness,
      );
    }
  }

  /** Codes of a link, which were perhaps chosen by other weights. */
  showLinked(pane, tokens) {
    this.show(pane, new TokenDocument(tokens, { name: 'from a link', original: null }));
    if (this.opened.weights === this.model.weights) return;
    const text = 'The run’s weights have changed since this link was made: the same codes may show another picture.';
    fill(this.notice, h('p', { class: 'notice' }, text));
  }

  /** A test picture, or one that the program makes itself, where the run's own are not on this machine. */
  async openFirst(wanted, number) {
    const encode = split => ask(runPath(this.model.id, 'encode'), { json: { split, number }, signal: this.signal });
    await this.take(this.a, () =>
      encode(wanted).catch(error => {
        if (error.status === 422 && wanted === 'test') return encode('shapes');
        throw error;
      }),
    );
  }

  showEmpty() {
    const { rows, columns, perCell } = this.model;
    const codes = Array(rows * columns * perCell).fill(0);
    this.show(this.a, new TokenDocument({ rows, columns, codes }, { name: 'a blank picture', original: null }));
  }

  pick(pane) {
    pickImage(
      this.model.id,
      image => (image instanceof File ? this.openFile(pane, image) : this.open(pane, image)),
      this.signal,
      { accept: accepted, text: 'a picture, or codes that were exported,' },
    );
  }

  async open(pane, { split, number }) {
    await this.take(pane, () =>
      ask(runPath(this.model.id, 'encode'), { json: { split, number }, signal: this.signal }),
    );
  }

  async openFile(pane, file) {
    const isCodes = /\.(json|npy)$/i.test(file.name);
    const path = isCodes ? runPath(this.model.id, 'import') : runPath(this.model.id, 'encode', { size: 'run' });
    await this.take(pane, () => ask(path, { file, signal: this.signal }), file.name);
  }

  async take(pane, read, name) {
    try {
      const answer = await read();
      if (answer.modelVersion !== this.model.modelVersion)
        toast('The run has learnt on: load the page anew for its atlas.');
      const about = { name: name ?? answer.name, original: answer.original, psnr: answer.psnr };
      this.show(pane, new TokenDocument(answer, about));
    } catch (error) {
      problem(error);
    }
  }

  show(pane, document) {
    pane.open(document);
    if (pane === this.b) this.showSecond();
    else if (this.state.brush === 0) this.state.setBrush(pane.codeAt(0));
    this.state.setActive(pane);
  }

  showSecond() {
    if (this.b.document) return fill(this.second, this.b.element, this.walk);
    return fill(
      this.second,
      h(
        'div',
        {},
        button('Second picture', () => this.pick(this.b), {
          icon: 'plus',
          title: 'A second picture, to copy from or to interpolate to',
        }),
      ),
    );
  }

  closeB() {
    const wasActive = this.state.active === this.b;
    // What is still asked for it comes to nothing.
    this.closing.abort();
    this.makeB();
    if (wasActive) this.state.setActive(this.a);
    this.showSecond();
    this.link();
  }

  /** Makes picture A one that lies between it and B; A may have got another size since. */
  takeFrame(tokens) {
    const { document } = this.a;
    if (document.rows === tokens.rows && document.columns === tokens.columns)
      document.change(new Map(tokens.codes.map((code, place) => [place, code])));
    else this.show(this.a, new TokenDocument(tokens, { name: 'between A and B', original: null }));
  }

  fillSelection() {
    const pane = this.state.active;
    if (pane?.selection) pane.set(pane.selectedCells, this.state.brush);
  }

  copy() {
    const clip = this.state.active && copy(this.state.active);
    if (!clip) return;
    this.state.clip = clip;
    this.state.tell('clip');
    toast(`Copied ${clip.rows} x ${clip.columns} cells. Choose a cell in either picture and paste.`);
  }

  paste() {
    if (this.state.clip && this.state.active?.document) paste(this.state.active, this.state.clip);
  }

  keys() {
    const { state } = this;
    addShortcuts(
      'Token editor',
      [
        ...tools.map(tool => ({ keys: tool.key, what: tool.what, run: () => state.setTool(tool.name) })),
        { keys: 'F', what: 'fill the selection with the brush’s code', run: () => this.fillSelection() },
        { keys: 'A', what: 'to the atlas', run: () => this.palette.focus() },
        { keys: 'C', what: 'to the codes of the picture', run: () => (state.active ?? this.a).codes.focus() },
        { keys: 'Shift+arrow keys', what: 'make the selection larger' },
        { keys: 'Escape', what: 'select nothing', run: () => state.active?.select(null) },
        { keys: 'Ctrl+C', what: 'copy the selection', run: () => this.copy() },
        { keys: 'Ctrl+V', what: 'paste at the selection', run: () => this.paste() },
        { keys: 'Ctrl+Z', what: 'undo', run: () => state.active?.document?.undo(), isHeld: true },
        {
          keys: 'Ctrl+Y or Ctrl+Shift+Z',
          what: 'redo',
          run: () => state.active?.document?.redo(),
          isHeld: true,
        },
      ],
      this.signal,
    );
  }

  texts() {
    return [this.a, this.b].map(pane => (pane.document ? toText(pane.document, this.model.codes) : null));
  }

  linkOf() {
    const [a, b] = this.texts();
    return href(['runs', this.model.id, 'editor'], { a, b: b ?? undefined, weights: this.model.weights });
  }

  keepLink() {
    if (this.signal.aborted) return;
    const [a, b] = this.texts();
    const isShort = (a?.length ?? 0) + (b?.length ?? 0) <= longest;
    // A page that is loaded anew still knows what the codes of a link were chosen by, as long as they are the same.
    const isAsOpened = a === this.opened.a && b === this.opened.b;
    const weights = isAsOpened ? this.opened.weights : this.model.weights;
    const state = isShort ? { a, b, weights } : { a: null, b: null, weights: null };
    keepInAddress({ ...state, image: null, split: null, cell: null });
  }
}
