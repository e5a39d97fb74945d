// The pictures on buttons: lines in a square of 24.

const PATHS = {
  mic: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5 11a7 7 0 0 0 14 0M12 18v3",
  micOff: "M4 4l16 16M9 9v3a3 3 0 0 0 4.5 2.6M15 11.5V6a3 3 0 0 0-5.8-1M5 11a7 7 0 0 0 10.5 6M19 11a7 7 0 0 1-.6 2.8M12 18v3",
  camera: "M4 7h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1ZM15 11l6-3.5v9L15 13",
  cameraOff: "M4 4l16 16M15 12.5V9a2 2 0 0 0-2-2H9.5M6 7H4a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h9a2 2 0 0 0 1.7-1M15 11l6-3.5v9l-3-1.7",
  screen: "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1ZM8 21h8M12 8v6M9.5 10.5 12 8l2.5 2.5",
  hand: "M8 12V6a1.5 1.5 0 0 1 3 0v5V4.5a1.5 1.5 0 0 1 3 0V11V6.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6c-2.5 0-4-1-5.2-3L4 14.5c-.8-1.3.9-2.6 2-1.5l2 2",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.5 14.5c2 2.6 5 2.6 7 0M9 9.5h.01M15 9.5h.01",
  chat: "M5 5h14a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-8l-4.5 4V16H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Z",
  people: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3 20c0-3.3 2.7-6 6-6s6 2.7 6 6M16 5.2a3 3 0 0 1 0 5.6M17 14.4c2.3.8 4 3 4 5.6",
  leave: "M3.5 14.5c5-4.7 12-4.7 17 0l-2 3-4-1.7v-2.6c-1.7-.5-3.3-.5-5 0v2.6l-4 1.7-2-3Z",
  call: "M6 4h3l1.5 4.5L8.4 10a11 11 0 0 0 5.6 5.6l1.5-2.1L20 15v3a2 2 0 0 1-2.2 2A16 16 0 0 1 4 6.2 2 2 0 0 1 6 4Z",
  grid: "M4 4h7v7H4ZM13 4h7v7h-7ZM4 13h7v7H4ZM13 13h7v7h-7Z",
  spotlight: "M4 5h16v9H4ZM4 17h4v3H4ZM10 17h4v3h-4ZM16 17h4v3h-4Z",
  pin: "M9 4h6l-1 6 3 3H7l3-3-1-6ZM12 13v7",
  close: "M6 6l12 12M18 6 6 18",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  settings: "M4 7h10M18 7h2M4 12h3M11 12h9M4 17h8M16 17h4M16 5v4M9 10v4M14 15v4",
  stats: "M5 20v-6M10 20V9M15 20v-8M20 20V4",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6Z",
  door: "M6 21V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v17M3 21h18M14.5 12h.01",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  send: "M4 12 20 4l-5 16-4-6-7-2ZM11 14l4-5",
} as const;

/** The name of a picture. */
export type IconName = keyof typeof PATHS;

/** A picture that says nothing by itself: what it is on has a name. */
export function Icon({ name, className = "size-6" }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={className}
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 3.2 : 1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
