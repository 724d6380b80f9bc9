/** What the parts of the editor share. */

/** @typedef {import('./tools.js').ToolName} ToolName */

export class EditorState extends EventTarget {
  /**
   * @param {import('../../types.js').Model} model
   * @param {import('../../state/model.js').AtlasImage} atlas
   * @param {import('./layers.js').Layer[]} layers
   */
  constructor(model, atlas, layers) {
    super();
    this.model = model;
    this.atlas = atlas;
    this.layers = layers;
    this.layer = layers[0];
    /** @type {ToolName} */
    this.tool = 'point';
    /** A code of the layer's codebook. */
    this.brush = 0;
    /** @type {import('./pane.js').Pane | null} The one that was touched last. */
    this.active = null;
    /** @type {import('../../types.js').Tokens | null} */
    this.clip = null;
    /** Whether the codes are shown by how they surprise the prior. */
    this.isShowingNats = false;
  }

  /** The number in the atlas of a code of the layer. @param {number} code */
  numberOf(code) {
    return this.layer.codebook * this.model.codes + code;
  }

  /** @param {ToolName} tool */
  setTool(tool) {
    this.tool = tool;
    this.tell('tool');
  }

  /** @param {number} code */
  setBrush(code) {
    this.brush = code;
    this.tell('brush');
  }

  /** @param {import('./layers.js').Layer} layer */
  setLayer(layer) {
    this.layer = layer;
    this.brush = 0;
    this.tell('layer');
  }

  /** @param {import('./pane.js').Pane} pane */
  setActive(pane) {
    this.active = pane;
    this.tell('selection');
  }

  /** @param {boolean} isOn */
  showNats(isOn) {
    this.isShowingNats = isOn;
    this.tell('nats');
  }

  /** @param {'tool' | 'brush' | 'layer' | 'selection' | 'document' | 'clip' | 'nats'} what */
  tell(what) {
    this.dispatchEvent(new Event(what));
  }

  /**
   * @param {string[]} what
   * @param {() => void} listener
   * @param {AbortSignal} [signal] Ends it.
   */
  on(what, listener, signal) {
    for (const name of what) this.addEventListener(name, listener, { signal });
  }
}
