// The chat as a customer sees it: bubbles, photos, buttons, lists, what did not arrive.
import { el, icon, linked } from "./element.js";
import * as words from "./words.js";

const TICKS = "M1 6.500l3.500 3.500L12 2M7.500 9l1 1L16.500 2";
const REPLY = "M10 8V4l-8 7 8 7v-4c6 0 9 2 11 6 0-8-4-12-11-12z";
const LIST = "M4 6h16M4 12h16M4 18h16";

export class Chat {
  #log;
  #on;
  #store;
  #typing = el("div", { class: "typing", "aria-hidden": "true" }, el("span"), el("span"), el("span"));
  /** The parts of customers' bubbles that change, by entry. */
  #marks = new Map();

  /** `on` has `choose(entry, option)`, `retry(entry)`, `why(entry)`. */
  constructor(log, store, on) {
    this.#log = log;
    this.#store = store;
    this.#on = on;
  }

  clear() {
    this.#marks.clear();
    this.#log.replaceChildren(
      el("p", { class: "day" }, "Hoy"),
      el("p", { class: "note" }, "Demostración: escriba como si fuera un cliente. ",
        this.#store.tells_team ? "Los avisos sí le llegan al equipo por WhatsApp." : "Los avisos al equipo se ven al lado y no se envían."));
  }

  show(entry) {
    this.#append(entry.kind === "customer" ? this.#customer(entry) : this.#luisa(entry));
  }

  typing(on) {
    if (on) this.#append(this.#typing);
    else this.#typing.remove();
  }

  /** Shows what has become of a customer's message. */
  update(entry) {
    const { ticks, trouble } = this.#marks.get(entry.id);
    ticks.hidden = entry.state !== "sent";
    trouble.replaceChildren();
    trouble.hidden = entry.state !== "failed";
    if (!trouble.hidden) this.#explain(entry, trouble);
    this.#end();
  }

  /** Marks the pressed option of an answer: it can be pressed once. */
  press(entry, option) {
    for (const button of this.#log.querySelectorAll(`[data-entry="${entry.id}"] .choice`)) {
      button.setAttribute("aria-disabled", "true");
      button.classList.toggle("pressed", button.dataset.option === option.id);
    }
  }

  #append(node) {
    this.#typing.remove();
    this.#log.append(node);
    this.#end();
  }

  #end() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #customer(entry) {
    const ticks = el("span", { class: "ticks", role: "img", "aria-label": "Leído" }, icon(TICKS, { viewBox: "0 0 18 12" }));
    const trouble = el("div", { class: "trouble", hidden: true });
    this.#marks.set(entry.id, { ticks, trouble });
    this.update(entry);
    return el("div", { class: "message out", "data-entry": entry.id },
      el("div", { class: "bubble" },
        el("span", { class: "sr" }, "Usted: "),
        el("p", { class: "text" }, linked(entry.text)),
        el("div", { class: "meta" }, timeOf(entry), ticks)),
      trouble);
  }

  #explain(entry, place) {
    const { kind, until } = entry.trouble;
    const retry = el("button", { type: "button", onclick: () => this.#on.retry(entry) });
    place.append(el("span", { role: "alert" }, words.trouble(kind)), retry);
    // The count is on the button: read aloud every second it would drown all else.
    const count = () => {
      const left = Math.ceil(((until ?? 0) - Date.now()) / 1000);
      retry.disabled = left > 0;
      retry.textContent = left > 0 ? `Reintentar en ${left} s` : "Reintentar";
      // Only while it is on the page: a retry or a new chat ends the count.
      if (left > 0) setTimeout(() => { if (retry.isConnected) count(); }, 1000);
    };
    count();
  }

  #luisa(entry) {
    const { response, asset, interactive } = entry.answer;
    if (!response) {
      return el("p", { class: "note" }, `${this.#store.assistant} guardó silencio: la decisión está en el panel.`);
    }
    const bubble = el("div", { class: "bubble" },
      el("span", { class: "sr" }, `${this.#store.assistant}: `),
      asset && this.#photo(asset),
      el("p", { class: "text" }, linked(response)),
      el("div", { class: "meta" },
        el("button", { type: "button", class: "why", onclick: () => this.#on.why(entry), "aria-label": "Ver por qué respondió esto" }, "¿Por qué?"),
        timeOf(entry)));
    return el("div", { class: asset ? "message in with-photo" : "message in", "data-entry": entry.id }, bubble, interactive && this.#choices(entry, interactive));
  }

  #photo(asset) {
    const image = el("img", { src: asset.asset_url, alt: asset.title, width: 1000, height: 1000 });
    const open = () => view(asset);
    return el("button", { type: "button", class: "photo", "aria-label": `Ampliar la foto: ${asset.title}`, onclick: open }, image);
  }

  #choices(entry, { type, options }) {
    const pick = (option) => (event) => {
      if (event.currentTarget.getAttribute("aria-disabled") !== "true") this.#on.choose(entry, option);
    };
    if (type === "list") {
      const label = this.#store.list_label;
      const open = (event) => {
        if (event.currentTarget.getAttribute("aria-disabled") === "true") return;
        sheet(label, options, (option) => this.#on.choose(entry, option));
      };
      const button = el("button", { type: "button", class: "choice", "aria-haspopup": "dialog", onclick: open }, icon(LIST), label);
      return el("div", { class: "choices" }, button);
    }
    const buttons = options.map((option) =>
      el("button", { type: "button", class: "choice", "data-option": option.id, onclick: pick(option) }, icon(REPLY), option.title));
    return el("div", { class: "choices", role: "group", "aria-label": "Respuestas rápidas" }, buttons);
  }
}

const timeOf = (entry) => el("time", { datetime: new Date(entry.at).toISOString() }, words.time(entry.at));

function sheet(title, options, choose) {
  const dialog = document.getElementById("sheet");
  document.getElementById("sheet-title").textContent = title;
  const pick = (option) => () => { dialog.close(); choose(option); };
  const rows = options.map((option, n) => el("li", {}, el("button", { type: "button", autofocus: n === 0, onclick: pick(option) }, option.title)));
  document.getElementById("sheet-options").replaceChildren(...rows);
  dialog.showModal();
}

function view(asset) {
  const image = document.getElementById("viewer-image");
  image.src = asset.asset_url;
  image.alt = asset.title;
  document.getElementById("viewer").showModal();
}

/** Dialogs close by their button and by a press beside them; Escape is the browser's. */
export function closable() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  }
}
