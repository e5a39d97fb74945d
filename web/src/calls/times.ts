// How long things may take, in milliseconds. `docs/reconnect.md` says what a person sees of each; a test compares.

/** The times of a call; the names are those of the document. */
export const TIMES = {
  /** Nobody answers. The server ends it after 45 s, if it is there. */
  dial: 75_000,
  /** The server does not confirm that our answer counts. */
  answer: 30_000,
  /** No media after both said yes: new addresses. */
  first_try: 8_000,
  /** Between two tries. */
  restart_every: 5_000,
  /** From the loss to the new connection. */
  rebuild_after: 25_000,
  /** From the loss to the end of the call. */
  give_up_after: 60_000,
  /** The side that answered waits longer by this. */
  polite_wait: 2_000,
  /** An offer without an answer while media flows. */
  offer_again: 15_000,
  /** An offer that the media server refused, and the same offer again. */
  refused_again: 2_000,
  /** A room that moves, and the end of its former way at the latest. */
  move_within: 10_000,
  /** Somebody who is heard through the media server, and the end of the straight way to them. */
  move_overlap: 3_000,
  /** Between their closing of the connection and a loss. */
  goodbye: 1_000,
  /** An ended call stays on the screen; the page keeps it until the person leaves it. */
  show_end: 5_000,
} as const;

/** The media server is told at most this often what is looked at: somebody scrolls. */
export const SUBSCRIBE_EVERY = 300;
