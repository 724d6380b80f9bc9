/** The codes of one picture, with every step that was made. */

/** @typedef {import('../../types.js').Tokens} Tokens */
/** @typedef {Map<number, number>} Changes New codes by their places. */

export class TokenDocument {
  /**
   * @param {Tokens} tokens
   * @param {{ name: string, original: string | null, psnr?: number | null }} about
   */
  constructor({ rows, columns, codes }, about) {
    this.rows = rows;
    this.columns = columns;
    this.codes = [...codes];
    this.about = about;
    /** @type {{ before: Changes, after: Changes }[]} */
    this.steps = [];
    this.made = 0;
    /** @type {{ before: Changes, after: Changes } | null} A step that is not finished: a stroke. */
    this.open = null;
    /** @type {() => void} */
    this.onChange = () => {};
  }

  get canUndo() {
    return this.made > 0;
  }

  get canRedo() {
    return this.made < this.steps.length;
  }

  get isChanged() {
    return this.made > 0;
  }

  /** Makes one step of all changes until `end`. */
  begin() {
    this.open ??= { before: new Map(), after: new Map() };
  }

  end() {
    const step = this.open;
    this.open = null;
    if (!step || step.after.size === 0) return;
    this.steps.length = this.made;
    this.steps.push(step);
    this.made++;
    this.onChange();
  }

  /** @param {Changes} changes @returns {boolean} Whether anything differs. */
  change(changes) {
    const isAlone = this.open === null;
    this.begin();
    let isDifferent = false;
    for (const [place, code] of changes) {
      if (this.codes[place] === code) continue;
      isDifferent = true;
      if (!this.open.before.has(place)) this.open.before.set(place, this.codes[place]);
      this.open.after.set(place, code);
      this.codes[place] = code;
    }
    if (isAlone) this.end();
    else if (isDifferent) this.onChange();
    return isDifferent;
  }

  undo() {
    this.end();
    if (this.canUndo) this.put(this.steps[--this.made].before);
  }

  redo() {
    this.end();
    if (this.canRedo) this.put(this.steps[this.made++].after);
  }

  /** The codes with some changed, without a step: for a preview. @param {Changes} changes */
  with(changes) {
    const codes = [...this.codes];
    for (const [place, code] of changes) codes[place] = code;
    return codes;
  }

  put(codes) {
    for (const [place, code] of codes) this.codes[place] = code;
    this.onChange();
  }
}
