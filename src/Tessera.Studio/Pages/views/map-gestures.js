/** Moves and enlarges a square: by dragging, by the wheel, by two fingers. */

/**
 * @typedef {object} MapActions
 * @property {(factor: number, x: number, y: number) => void} zoom About a place, 0 to 1 of the side.
 * @property {() => ((x: number, y: number) => void) | null} grab Begins to move it: how far from here, in parts of the
 *   side. Null: it cannot be moved now.
 * @property {(event: PointerEvent) => void} point The pointer is somewhere.
 * @property {(event: PointerEvent) => void} click
 */

/** @param {HTMLElement} element @param {MapActions} actions */
export function mapGestures(element, { zoom, grab, point, click }) {
  /** @type {Map<number, number[]>} */
  const fingers = new Map();
  let grabbed = null;
  let apart = 0;

  const placeOf = event => {
    const box = element.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const between = () => {
    const [a, b] = [...fingers.values()];
    return { apart: Math.hypot(a[0] - b[0], a[1] - b[1]), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
  };
  const take = (from, isMoved) => {
    grabbed = { from, move: grab(), isMoved };
  };

  element.addEventListener('pointerdown', event => {
    element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, placeOf(event));
    if (fingers.size === 1) take(placeOf(event), false);
    else if (fingers.size === 2) {
      apart = between().apart;
      grabbed.isMoved = true;
    }
  });
  element.addEventListener('pointermove', event => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, placeOf(event));
    if (fingers.size === 2) {
      const now = between();
      if (apart > 0) zoom(now.apart / apart, now.middle[0], now.middle[1]);
      apart = now.apart;
      return undefined;
    }
    if (!grabbed?.move) return point(event);
    const [x, y] = placeOf(event);
    const by = [x - grabbed.from[0], y - grabbed.from[1]];
    if (Math.hypot(...by) * element.clientWidth > 4) grabbed.isMoved = true;
    return grabbed.isMoved ? grabbed.move(by[0], by[1]) : undefined;
  });
  const release = event => {
    if (!fingers.delete(event.pointerId)) return;
    const [left] = fingers.values();
    const isClick = !left && grabbed && !grabbed.isMoved && event.type === 'pointerup';
    grabbed = null;
    // One finger of two goes on.
    if (left) take(left, true);
    if (isClick) click(event);
  };
  element.addEventListener('pointerup', release);
  element.addEventListener('pointercancel', release);
  element.addEventListener(
    'wheel',
    event => {
      event.preventDefault();
      const [x, y] = placeOf(event);
      zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, x, y);
    },
    { passive: false },
  );
}
