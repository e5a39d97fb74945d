// What the page shows of whom, and how large: the media server sends no more than that.
import type { StreamWish, UserId } from "../protocol";

/** One tile as it is on the screen. */
export interface Tile {
  user: UserId;
  kind: "camera" | "screen";
  /** In pixels of the screen; 0 when it is out of sight. */
  height: number;
}

/** As many fit into one `call:subscribe`. */
const MOST = 64;

/** The sizes that are told apart: a pixel more or less is no news. */
const STEPS = [0, 90, 180, 270, 360, 540, 720, 1080, 2160];

/** What is told to the media server: one wish a picture, the largest tile of it. */
export function wishes(tiles: Tile[]): StreamWish[] {
  const largest = new Map<string, StreamWish>();
  for (const { user: userId, kind, height } of tiles) {
    const maxHeight = STEPS.find((step) => height <= step) ?? 2160;
    const key = `${userId} ${kind}`;
    if ((largest.get(key)?.maxHeight ?? -1) >= maxHeight) continue;
    largest.set(key, { userId, kind, maxHeight, paused: maxHeight === 0 });
  }
  const bySize = [...largest.values()].sort((a, b) => b.maxHeight - a.maxHeight || a.userId - b.userId);
  return bySize.slice(0, MOST);
}

/** After the last change of a size, before it is told: somebody drags a window. */
const SETTLED_AFTER = 150;

/** Watches tiles, and tells the wishes when they are others than before. */
export class Looks {
  readonly #tiles = new Map<Element, Tile & { isSeen: boolean }>();
  readonly #tell: (wishes: StreamWish[]) => void;
  readonly #sizes: ResizeObserver;
  readonly #sight: IntersectionObserver;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #told = "";

  constructor(tell: (wishes: StreamWish[]) => void) {
    this.#tell = tell;
    this.#sizes = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) {
        const tile = this.#tiles.get(target);
        if (tile) tile.height = Math.round(contentRect.height * devicePixelRatio);
      }
      this.#later();
    });
    this.#sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const tile = this.#tiles.get(target);
        if (tile) tile.isSeen = isIntersecting;
      }
      this.#later();
    });
  }

  /** Watches a tile until the returned function is called. */
  watch(element: Element, user: UserId, kind: "camera" | "screen"): () => void {
    this.#tiles.set(element, { user, kind, height: 0, isSeen: true });
    this.#sizes.observe(element);
    this.#sight.observe(element);
    this.#later();
    return () => {
      this.#tiles.delete(element);
      this.#sizes.unobserve(element);
      this.#sight.unobserve(element);
      this.#later();
    };
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#sizes.disconnect();
    this.#sight.disconnect();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const seen = [...this.#tiles.values()].map((tile) => ({ ...tile, height: tile.isSeen ? tile.height : 0 }));
      const all = wishes(seen);
      if (JSON.stringify(all) === this.#told) return;
      this.#told = JSON.stringify(all);
      this.#tell(all);
    }, SETTLED_AFTER);
  }
}
