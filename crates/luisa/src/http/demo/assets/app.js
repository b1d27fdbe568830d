// The page's conversation: what was said, what is on its way, and who says the next thing.
import * as api from "./api.js";
import { Chat, closable } from "./chat.js";
import { el } from "./element.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";

// A decision takes less than a millisecond; an answer that is there before "escribiendo…" reads like a glitch.
const SHORTEST_TYPING_MS = 550;
const KEPT_AS = "luisa-demo";

const at = (id) => document.getElementById(id);
const message = at("message");

const wide = matchMedia("(min-width: 760px)");

let store, chat, panel, player;
let talk = kept() ?? fresh();
// Messages go one after the other, as they were written.
let queue = Promise.resolve();
let waiting = 0;

start();

async function start() {
  closable();
  wire();
  message.value = talk.draft;
  try {
    store = await api.store();
  } catch {
    at("presence").textContent = "LUISA no contesta.";
    at("log").replaceChildren(el("div", { class: "note" },
      el("p", { role: "alert" }, "La página no pudo hablar con LUISA. Revise que esté encendida y vuelva a intentarlo."),
      el("button", { type: "button", class: "choice", onclick: () => location.reload() }, "Reintentar")));
    return;
  }
  introduce();
  chat = new Chat(at("log"), store, { choose, retry, why });
  panel = new Panel(at("panel"), store);
  player = new Player({ begin: played, say: sayAs, ended: stopped });
  restore();
  at("composer").dataset.ready = "true";
}

function introduce() {
  document.title = `LUISA · ${store.short_name}`;
  for (const place of document.querySelectorAll("[data-store]")) place.textContent = store[place.dataset.store];
  at("who").textContent = `${store.assistant} · ${store.short_name}`;
  at("avatar").textContent = store.assistant.slice(0, 1);
  message.maxLength = store.longest_text;
  const none = [el("li", { class: "hint" }, "El paquete de este negocio no trae ejemplos.")];
  const customers = store.customers.map((customer) => el("li", {},
    el("button", { type: "button", class: "customer", "aria-pressed": "false", onclick: () => player.play(customer) },
      el("span", { class: "face", "aria-hidden": "true" }, customer.name.replace(/^(Don|Doña|Un|Una) /, "").slice(0, 1).toUpperCase()),
      el("strong", {}, customer.name),
      el("small", {}, customer.shows))));
  at("customers").replaceChildren(...(customers.length ? customers : none));
}

function wire() {
  at("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = message.value.trim();
    if (!text || !chat) return;
    message.value = "";
    player.stop();
    say({ text });
    message.focus();
  });
  message.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    at("composer").requestSubmit();
  });
  message.addEventListener("input", keep);
  for (const button of document.querySelectorAll("[data-new]")) button.addEventListener("click", anew);
  for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => show(button.dataset.show));
  at("stop").addEventListener("click", () => { player.stop(); ready(); });
  addEventListener("online", () => talk.entries.filter((entry) => entry.trouble?.kind === "offline" && entry.state === "failed").forEach(retry));
  show("chat");
  wide.addEventListener("change", () => show(document.body.dataset.view));
}

/* What is said. */

function say({ text, option }) {
  const entry = { id: talk.entries.length, kind: "customer", text, option, at: Date.now(), state: "sending" };
  talk.entries.push(entry);
  chat.show(entry);
  return send(entry);
}

function choose(from, option) {
  player.stop();
  press(from, option);
}

function press(from, option) {
  from.pressed = option;
  chat.press(from, option);
  return say({ text: option.title, option: option.id });
}

function retry(entry) {
  entry.state = "sending";
  entry.trouble = null;
  chat.update(entry);
  // The button that was pressed is gone.
  at("log").focus({ preventScroll: true });
  send(entry);
}

/** Puts a message in the queue; gives its answer, or null when there is none. */
function send(entry) {
  keep();
  const mine = talk;
  const answered = queue.then(() => (talk === mine ? deliver(entry, mine) : null));
  queue = answered;
  return answered;
}

async function deliver(entry, mine) {
  const since = performance.now();
  busy(+1);
  try {
    const answer = await api.say(mine.conversation, entry);
    await new Promise((done) => setTimeout(done, SHORTEST_TYPING_MS - (performance.now() - since)));
    if (talk !== mine) return null;
    busy(-1);
    receive(entry, answer);
    return answer;
  } catch (trouble) {
    if (talk !== mine) return null;
    busy(-1);
    entry.state = "failed";
    entry.trouble = { kind: trouble.kind ?? "busy", until: trouble.waitSeconds ? Date.now() + trouble.waitSeconds * 1000 : null };
    chat.update(entry);
    keep();
    return null;
  }
}

function receive(asked, answer) {
  const before = known();
  asked.state = "sent";
  chat.update(asked);
  const entry = { id: talk.entries.length, kind: "luisa", at: Date.now(), asked: asked.text, answer };
  talk.entries.push(entry);
  chat.show(entry);
  panel.add(entry, before);
  presence();
  keep();
  explain(entry, before, talk);
}

/** Reads the stored trace of an answer; without it the panel shows what the answer itself tells. */
async function explain(entry, before, mine) {
  const turn = await api.turn(entry.answer.request_id).catch(() => null);
  if (talk !== mine) return;
  entry.turn = turn;
  panel.complete(entry, before);
  if (turn?.notices.length) at("status").textContent = "Llegó un aviso para el equipo.";
  counted();
  keep();
}

const answers = () => talk.entries.filter((entry) => entry.kind === "luisa");
const known = () => answers().at(-1)?.answer.slots ?? {};

/* What is shown around it. */

function busy(change) {
  waiting = Math.max(0, waiting + change);
  chat.typing(waiting > 0);
  presence();
  at("status").textContent = waiting > 0 ? `${store.assistant} está escribiendo` : "";
}

function presence() {
  const human = answers().at(-1)?.answer.mode === "HUMAN_ACTIVE";
  at("presence").textContent = waiting > 0 ? "escribiendo…" : human ? "el equipo atiende este chat" : "en línea";
  at("presence").classList.toggle("busy", waiting > 0);
}

function counted() {
  at("notice-count").replaceChildren(el("span", { class: "sr" }, "avisos al equipo: "), String(panel.count));
  at("notice-count").hidden = panel.count === 0;
}

function why(entry) {
  show("panel");
  panel.reveal(entry);
}

function show(view) {
  document.body.dataset.view = view;
  // Where the chat is always in sight, the decisions are what stands beside it.
  const seen = view === "chat" && wide.matches ? "panel" : view;
  for (const button of document.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === seen));
}

/** Ready to be written to; on a phone that would open the keyboard. */
function ready() {
  show("chat");
  (matchMedia("(pointer: fine)").matches ? message : at("log")).focus({ preventScroll: true });
}

/* Chats begin, are kept while the tab lives, and come back. */

function anew() {
  if (!chat) return;
  player.stop();
  begin();
  ready();
}

function begin() {
  talk = { ...fresh(), draft: message.value };
  restore();
}

function restore() {
  waiting = 0;
  chat.clear();
  panel.clear();
  let before = {};
  for (const entry of talk.entries) {
    chat.show(entry);
    if (entry.kind !== "luisa") continue;
    if (entry.pressed) chat.press(entry, entry.pressed);
    panel.add(entry, before);
    if (!entry.turn) explain(entry, before, talk);
    before = entry.answer.slots;
  }
  counted();
  presence();
  keep();
}

function fresh() {
  // Not randomUUID: a phone opens the page by the computer's address, which no browser calls secure.
  const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { conversation: `demo-${id}`, entries: [], draft: "" };
}

function kept() {
  try {
    const talk = JSON.parse(sessionStorage.getItem(KEPT_AS));
    for (const entry of talk?.entries ?? []) {
      if (entry.state === "sending") Object.assign(entry, { state: "failed", trouble: { kind: "interrupted" } });
    }
    return talk;
  } catch {
    return null;
  }
}

function keep() {
  talk.draft = message.value;
  try {
    sessionStorage.setItem(KEPT_AS, JSON.stringify(talk));
  } catch { /* a browser that forbids it forgets on reload */ }
}

/* Example customers. */

function played(customer) {
  begin();
  show("chat");
  at("playing").hidden = false;
  at("playing-name").textContent = `Escribe ${customer.name}`;
  mark(customer);
}

/** As a person would: an offered option is pressed, all else is written. */
function sayAs(text) {
  const last = answers().at(-1);
  const option = last?.answer.interactive?.options.find((option) => option.title === text);
  return option ? press(last, option) : say({ text });
}

function stopped() {
  at("playing").hidden = true;
  mark(null);
}

function mark(customer) {
  [...document.querySelectorAll(".customer")].forEach((button, n) => {
    button.setAttribute("aria-pressed", String(store.customers[n] === customer));
  });
}
