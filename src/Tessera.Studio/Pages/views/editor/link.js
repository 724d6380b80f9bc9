/**
 * The state of the editor in an address: the codes of its pictures, and the weights that they were chosen by. Codes are
 * their rows and columns, then base64url digits, two for each code or more.
 */

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Beyond this, browsers and chats cut addresses off. */
export const longest = 8000;

/**
 * @param {import('../../types.js').Tokens} tokens
 * @param {number} codes Of a codebook.
 */
export function toText({ rows, columns, codes: list }, codes) {
  const length = lengthOf(codes);
  let text = `${rows}x${columns}.`;
  for (const code of list) {
    for (let i = length - 1; i >= 0; i--) text += digits[(code >> (6 * i)) & 63];
  }
  return text;
}

/**
 * @param {string} text
 * @param {import('../../types.js').Model} model
 * @returns {import('../../types.js').Tokens | null} Null: not the codes of such a model.
 */
export function fromText(text, model) {
  const match = /^(\d{1,4})x(\d{1,4})\.([\w-]*)$/.exec(text);
  if (!match) return null;
  const [rows, columns] = [Number(match[1]), Number(match[2])];
  const length = lengthOf(model.codes);
  if (match[3].length !== rows * columns * model.perCell * length || rows * columns === 0) return null;
  const codes = [];
  for (let at = 0; at < match[3].length; at += length) {
    let code = 0;
    for (let i = 0; i < length; i++) code = code * 64 + digits.indexOf(match[3][at + i]);
    if (code >= model.codes) return null;
    codes.push(code);
  }
  return { rows, columns, codes };
}

/**
 * The hash of the weights of a link. Links of before have none.
 * @param {URLSearchParams} query
 * @returns {string | null}
 */
export function weightsIn(query) {
  const weights = query.get('weights') ?? '';
  return /^[0-9a-f]{12}$/.test(weights) ? weights : null;
}

const lengthOf = codes => (codes <= 4096 ? 2 : codes <= 262144 ? 3 : 4);
