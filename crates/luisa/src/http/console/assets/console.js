// What the pages cannot do without a script; each part looks for its place and does nothing where there is none.

const live = document.querySelector("[data-live]");
const title = document.title;

// A link to hand on is shown whole, with the address of this server.
for (const link of document.querySelectorAll("[data-link]")) link.textContent = link.href;

// ── What has changed is drawn anew where it stands ──

let drawing = false;
let again = false;

async function draw() {
  if (!live) return;
  if (drawing) { again = true; return; }
  drawing = true;
  const here = new URL(location.href);
  here.searchParams.set("parte", "1");
  try {
    const answer = await fetch(here, { headers: { accept: "text/html" } });
    if (answer.status === 401 || answer.redirected) { location.reload(); return; }
    if (answer.ok) put(await answer.text());
  } catch {
    // Cut off: the banner says so, and the stream asks again.
  } finally {
    drawing = false;
    if (again) { again = false; draw(); }
  }
}

function put(html) {
  if (live.contains(document.activeElement) && document.activeElement.matches("input, textarea")) { again = false; return; }
  const open = new Map([...live.querySelectorAll("details[data-key]")].map((it) => [it.dataset.key, it.open]));
  const focus = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 160;
  live.innerHTML = html;
  for (const it of live.querySelectorAll("details[data-key]")) if (open.has(it.dataset.key)) it.open = open.get(it.dataset.key);
  if (focus) live.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  if (live.dataset.chat && atEnd) end();
  seen();
}

// An answer counts as seen when the person has not begun to write their own; else the server says what came between.
function seen() {
  const field = document.querySelector("[data-newest]");
  const newest = live?.querySelector("[data-newest-id]");
  if (field && newest && !document.querySelector("[name=texto]").value.trim()) field.value = newest.dataset.newestId;
}

const end = () => window.scrollTo(0, document.documentElement.scrollHeight);
if (live?.dataset.chat && !location.search.includes("antes=")) end();

// ── The stream ──

let heard = Date.now();
const since = document.querySelector("[data-since]")?.dataset.since;
let waiting;

function count(data) {
  if (data.waiting === undefined) return;
  if (waiting !== undefined && data.waiting > waiting) ring();
  waiting = data.waiting;
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
  for (const place of document.querySelectorAll("[data-waiting]")) place.textContent = waiting > 0 ? `${waiting} por responder` : "";
  if (waiting > 0) navigator.setAppBadge?.(waiting).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
}

const cut = document.getElementById("cortado");
const alive = () => { heard = Date.now(); cut.hidden = true; };

if (since !== undefined) {
  const stream = new EventSource(`/console/eventos?desde=${since}`);
  stream.addEventListener("latido", (event) => { alive(); count(JSON.parse(event.data)); });
  stream.addEventListener("recargar", (event) => { alive(); count(JSON.parse(event.data)); draw(); });
  stream.addEventListener("cambio", (event) => {
    alive();
    const data = JSON.parse(event.data);
    count(data);
    const chat = live?.dataset.chat;
    if (!chat || data.chats.some((id) => chat.endsWith("/" + encodeURIComponent(id)))) draw();
  });
  stream.addEventListener("error", () => { if (stream.readyState === EventSource.CLOSED) cut.hidden = false; });
  setInterval(() => { if (Date.now() - heard > 45_000) cut.hidden = false; }, 5_000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) draw(); });
  // Ages and windows go on without any change.
  if (live) setInterval(() => { if (!document.hidden) draw(); }, 60_000);
}

// ── The sound: two soft notes, once the person has touched the page ──

let sound;
addEventListener("pointerdown", () => { sound ??= new AudioContext(); sound.resume(); }, { passive: true });

function ring() {
  if (!sound || sound.state !== "running") return;
  [660, 880].forEach((pitch, n) => {
    const [tone, loud, at] = [sound.createOscillator(), sound.createGain(), sound.currentTime + n * 0.16];
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.12, at);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
    tone.connect(loud).connect(sound.destination);
    tone.start(at);
    tone.stop(at + 0.32);
  });
}

// ── Writing ──

const text = document.querySelector("textarea[data-draft]");
if (text) {
  const grow = () => { text.style.height = "auto"; text.style.height = `${Math.min(text.scrollHeight + 2, 180)}px`; };
  let kept = text.value;
  let pause;
  const keep = () => {
    clearTimeout(pause);
    if (text.value === kept) return;
    kept = text.value;
    fetch(text.dataset.draft, { method: "POST", keepalive: true, body: new URLSearchParams({ texto: kept }) }).catch(() => {});
  };
  text.addEventListener("input", () => { grow(); clearTimeout(pause); pause = setTimeout(keep, 1_000); });
  addEventListener("pagehide", () => { if (!text.form.dataset.sent) keep(); });
  for (const ready of document.querySelectorAll("[data-insert]")) {
    ready.addEventListener("click", () => {
      text.value = (text.value.trim() ? `${text.value.trimEnd()} ` : "") + ready.dataset.insert;
      ready.closest("details").open = false;
      text.dispatchEvent(new Event("input"));
      text.focus();
    });
  }
  // Enter sends on a desk; on a telephone it is a new line.
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && matchMedia("(hover: hover)").matches && text.value.trim()) {
      event.preventDefault();
      text.form.requestSubmit(text.form.querySelector("button"));
    }
  });
  text.form.addEventListener("submit", () => {
    clearTimeout(pause);
    text.form.dataset.sent = "yes";
    // After the form has gone: a second press finds nothing to press.
    setTimeout(() => { for (const button of text.form.querySelectorAll("button")) button.disabled = true; });
  });
  grow();
}
