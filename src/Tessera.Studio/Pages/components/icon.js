/** Line drawings of 24 x 24, in the colour of the text. */

const paths = {
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  whole: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  close: 'M6 6l12 12M18 6L6 18',
  play: 'M8 5l11 7-11 7z',
  pause: 'M8 5v14M16 5v14',
  stop: 'M7 7h10v10H7z',
  theme: 'M12 4a8 8 0 1 0 8 8 6 6 0 0 1-8-8z',
  undo: 'M8 5L4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3',
  redo: 'M16 5l4 4-4 4M20 9H10a6 6 0 0 0 0 12h3',
  point: 'M6 4l13 7-6 1.6L9.5 18z',
  brush: 'M19 4l-9 9M9 12c-3 0-4 2-4 5 0 1-1 2-2 2 2 1 7 2 9-1 1.500-2 0-5-3-6z',
  fill: 'M11 4l8 8-8 8-8-8 8-8zM4 12h14M20 16c1 2 2 3 2 4a2 2 0 0 1-4 0c0-1 1-2 2-4z',
  select: 'M4 8V4h4M12 4h2M18 4h2v4M20 12v2M20 18v2h-4M12 20h-2M6 20H4v-4M4 12v-1',
  pick: 'M14 6l4 4M4 20l1-4 9-9 3 3-9 9zM15 5l2-2 4 4-2 2',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  paste: 'M8 5H5v16h14V5h-3M9 3h6v4H9z',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  picture: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01',
  edit: 'M4 20l1-4L16 5l3 3L8 19z',
  keep: 'M6 4h12v16l-6-4-6 4z',
};

/**
 * @param {keyof typeof paths} name
 * @returns {SVGElement} Hidden from screen readers: its button has a name of its own.
 */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon-art');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg.namespaceURI, 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}
