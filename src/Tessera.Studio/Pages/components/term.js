/** A term of the field that explains itself when it is pressed. */
import { glossary } from '../glossary.js';
import { h } from '../dom.js';

let card = null;

/**
 * @param {string} name In the glossary; without an entry the label stands alone.
 * @param {string} [label] Its title, unless given.
 * @returns {HTMLElement}
 */
export function term(name, label) {
  const entry = glossary[name];
  const text = label ?? entry?.title ?? name;
  if (!entry) return h('span', {}, text);
  return h(
    'button',
    { type: 'button', class: 'term', onclick: event => show(event.currentTarget, entry) },
    text,
    h('span', { class: 'unseen' }, ' (explain)'),
  );
}

function show(anchor, entry) {
  card ??= document.body.appendChild(h('div', { class: 'term-card', popover: 'auto', role: 'note' }));
  // A modal dialog is above all else but its own children.
  (anchor.closest('dialog') ?? document.body).append(card);
  card.replaceChildren(h('strong', {}, entry.title), entry.text);
  card.showPopover({ source: anchor });
  const at = anchor.getBoundingClientRect();
  const size = card.getBoundingClientRect();
  const left = Math.max(16, Math.min(at.left, innerWidth - size.width - 16));
  const below = at.bottom + 6;
  const top = below + size.height > innerHeight - 8 ? Math.max(8, at.top - size.height - 6) : below;
  card.style.left = `${left}px`;
  card.style.top = `${top}px`;
}
