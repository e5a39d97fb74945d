// Shows /api/health in words, and looks again every few seconds while the page is in sight.
const words = {
  up: "works", down: "does not answer", off: "not in use", open: "nobody signs in", required: "needed",
};
const headlines = {
  ok: ["The server is up and ready for calls.", "good"],
  degraded: ["The server is up, but a part of it does not answer.", "bad"],
  draining: ["The server is about to stop; calls move elsewhere.", "bad"],
};
const EVERY_MS = 5000;

function headline([text, mood]) {
  const line = document.getElementById("headline");
  if (line.textContent !== text) line.textContent = text;
  line.className = mood;
}

function duration(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [name, size] = units.find(([, size]) => seconds >= size) ?? ["second", 1];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

async function look() {
  try {
    const response = await fetch("/api/health", { cache: "no-store" });
    const health = await response.json();
    headline(headlines[health.status] ?? [`The server says: ${health.status}`, ""]);
    for (const place of document.querySelectorAll("[data-sign-in]")) {
      place.hidden = place.dataset.signIn !== health.auth;
    }
    for (const field of document.querySelectorAll("[data-field]")) {
      const value = health[field.dataset.field];
      field.textContent = field.dataset.field === "uptime" ? duration(value) : words[value] ?? value;
      const row = field.closest("[data-if-used]");
      if (row) row.hidden = value === "off";
      field.className = value === "up" || value === "down" ? value : "";
    }
  } catch {
    headline(["The server does not answer.", "bad"]);
  }
}

for (const place of document.querySelectorAll("#address, [data-address]")) place.textContent = location.origin;
look();
setInterval(() => { if (!document.hidden) look(); }, EVERY_MS);
