// Where each tile is: one function of how many there are and how much room, so that nothing is left to the style sheet
// and no tile is made anew when the layout changes.

/** A place in pixels. */
export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** All places, and how high what they fill is: more than there is room for means that it scrolls. */
export interface Layout {
  places: Map<string, Place>;
  height: number;
}

/** What there is room for. */
export interface Room {
  width: number;
  height: number;
}

const GAP = 8;

/** A face is still told on a tile of this width. */
const NARROWEST = 132;

/** Cameras see 16:9; a tile may be squarer than that, and upright where the page is. */
const WIDEST_SHAPE = 16 / 9;
const tallestShape = ({ width, height }: Room): number => (width > height ? 1.1 : 3 / 4);

/** All alike, as large as they go. The last row is in the middle. */
export function grid(keys: string[], room: Room): Layout {
  if (keys.length === 0 || room.width <= 0 || room.height <= 0) return { places: new Map(), height: 0 };
  const columns = bestColumns(keys.length, room);
  const rows = Math.ceil(keys.length / columns);
  const { width, height } = tile(columns, rows, room);
  const used = rows * height + (rows - 1) * GAP;
  const top = Math.max(0, (room.height - used) / 2);
  const places = new Map<string, Place>();
  keys.forEach((key, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const inRow = Math.min(columns, keys.length - row * columns);
    const rowWidth = inRow * width + (inRow - 1) * GAP;
    const left = (room.width - rowWidth) / 2 + column * (width + GAP);
    places.set(key, whole({ left, top: top + row * (height + GAP), width, height }));
  });
  return { places, height: Math.max(room.height, Math.ceil(used)) };
}

/** Of all numbers of columns, the one with the largest tiles. */
function bestColumns(count: number, room: Room): number {
  const most = Math.max(1, Math.min(count, Math.floor((room.width + GAP) / (NARROWEST + GAP))));
  let [best, area] = [1, 0];
  for (let columns = 1; columns <= most; columns += 1) {
    const { width, height } = tile(columns, Math.ceil(count / columns), room);
    // The picture in it counts, not the empty space around it.
    const seen = Math.min(width, height * WIDEST_SHAPE) * Math.min(height, width / tallestShape(room));
    if (width >= Math.min(NARROWEST, room.width) && seen > area) [best, area] = [columns, seen];
  }
  return area > 0 ? best : most;
}

function tile(columns: number, rows: number, room: Room): { width: number; height: number } {
  const width = (room.width - (columns - 1) * GAP) / columns;
  const height = (room.height - (rows - 1) * GAP) / rows;
  // Where they do not fit, they keep a shape in which a face is seen, and the whole scrolls.
  const lowest = Math.min(width, NARROWEST) / WIDEST_SHAPE;
  const fit = Math.max(height, lowest);
  return { width: Math.min(width, fit * WIDEST_SHAPE), height: Math.min(fit, width / tallestShape(room)) };
}

/** One large, the others in a strip beside or below; who does not fit is not seen. */
export function spotlight(large: string, others: string[], room: Room): Layout {
  const places = new Map<string, Place>();
  if (room.width <= 0 || room.height <= 0) return { places, height: 0 };
  const isWide = room.width > room.height;
  if (others.length === 0) {
    places.set(large, whole({ left: 0, top: 0, ...room }));
    return { places, height: room.height };
  }
  const across = isWide ? clamp(room.width * 0.18, 120, 240) : clamp(room.height * 0.16, 84, 132);
  const side = isWide ? (across * 9) / 16 : across * 0.8;
  const length = isWide ? room.height : room.width;
  const fit = Math.max(1, Math.floor((length + GAP) / (side + GAP)));
  const shown = others.slice(0, fit);
  const used = shown.length * side + (shown.length - 1) * GAP;
  const start = Math.max(0, (length - used) / 2);
  shown.forEach((key, index) => {
    const along = start + index * (side + GAP);
    const place = isWide
      ? { left: room.width - across, top: along, width: across, height: side }
      : { left: along, top: room.height - across, width: side, height: across };
    places.set(key, whole(place));
  });
  const rest = isWide
    ? { left: 0, top: 0, width: room.width - across - GAP, height: room.height }
    : { left: 0, top: 0, width: room.width, height: room.height - across - GAP };
  places.set(large, whole(rest));
  return { places, height: room.height };
}

/** Two people: the other one fills it, and we are in a corner. */
export function pair(other: string, self: string, room: Room): Layout {
  const places = new Map<string, Place>();
  if (room.width <= 0 || room.height <= 0) return { places, height: 0 };
  places.set(other, whole({ left: 0, top: 0, ...room }));
  const isWide = room.width > room.height;
  const width = isWide ? clamp(room.width * 0.2, 140, 260) : clamp(room.width * 0.28, 88, 140);
  const height = isWide ? (width * 9) / 16 : (width * 4) / 3;
  const margin = 12;
  const [left, top] = [room.width - width - margin, room.height - height - margin];
  places.set(self, whole({ left, top, width, height }));
  return { places, height: room.height };
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

function whole({ left, top, width, height }: Place): Place {
  return { left: Math.floor(left), top: Math.floor(top), width: Math.floor(width), height: Math.floor(height) };
}
