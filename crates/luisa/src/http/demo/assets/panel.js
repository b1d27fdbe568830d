// Beside the chat: why each message was answered so, what is known so far, what the team is told.
import { el, icon, linked } from "./element.js";
import * as words from "./words.js";

const DOWN = "M6 9l6 6 6-6";
// Steps at which a chat takes another way than usual.
const TURNS = /^(handoff:(?!none)|desk:|cache_hit|shadow|silent:|later|openai:(?!no)|guards_(?!ok))/;

export class Panel {
  #root;
  #store;
  #known = el("section", { "aria-label": "La conversación hasta ahora" });
  #decisions = el("section", { "aria-labelledby": "decisions-title" });
  #cards = new Map();
  #count = 0;
  #newest = null;

  constructor(root, store) {
    this.#root = root;
    this.#store = store;
  }

  clear() {
    this.#cards.clear();
    this.#count = 0;
    this.#known.replaceChildren(el("p", { class: "empty" },
      "Cuando escriba, aquí verá cada decisión: qué clase de mensaje es y por qué, qué quiere el cliente, qué datos ya se conocen, el camino que siguió, cuánto tardó y cuánto costó."));
    this.#decisions.replaceChildren();
    this.#root.replaceChildren(this.#known, this.#decisions);
    this.#root.scrollTop = 0;
  }

  /** A new answer; `before` are the slots that were known until now. */
  add(entry, before) {
    if (this.#cards.size === 0) this.#decisions.append(el("h3", { id: "decisions-title" }, "Decisiones, la última primero"));
    for (const card of this.#cards.values()) card.open = false;
    const card = el("details", { class: "card", open: true });
    this.#cards.set(entry.id, card);
    this.#newest = entry;
    this.#decisions.querySelector("h3").after(card);
    this.#fill(entry, before);
  }

  /** The stored trace of an answer has come. */
  complete(entry, before) {
    this.#fill(entry, before);
  }

  #fill(entry, before) {
    const notices = entry.turn?.notices ?? [];
    this.#count += notices.length;
    this.#cards.get(entry.id).replaceChildren(
      this.#summary(entry, notices), ...notices.map((notice) => this.#notice(notice)), this.#facts(entry, before));
    if (entry === this.#newest) this.#tell(entry, before);
  }

  /** How many notices there are. */
  get count() {
    return this.#count;
  }

  /** Opens the decision of an answer and goes there. */
  reveal(entry) {
    const card = this.#cards.get(entry.id);
    card.open = true;
    card.scrollIntoView({ block: "nearest" });
    card.querySelector("summary").focus({ preventScroll: true });
  }

  #tell(entry, before) {
    const { mode, slots } = entry.answer;
    const human = mode === "HUMAN_ACTIVE";
    this.#known.replaceChildren(el("div", {},
      el("p", { class: human ? "state human" : "state" },
        human ? "Una persona atiende" : `${this.#store.assistant} atiende`,
        el("small", {}, counted(this.#cards.size, "mensaje"), this.#count > 0 && ` · ${counted(this.#count, "aviso")} al equipo`)),
      slotsOf(slots, before)));
  }

  #notice(notice) {
    const team = this.#store.teams[notice.team] ?? notice.team;
    const at = new Date(notice.at);
    return el("article", { class: "notice", "aria-label": `Aviso al ${team}` },
      el("header", {}, `Aviso al ${team}`, el("time", { datetime: at.toISOString() }, words.time(at))),
      el("p", { class: "text" }, linked(notice.text)),
      el("footer", {}, words.noticeState(notice)));
  }

  #summary(entry, notices) {
    const { answer } = entry;
    return el("summary", {},
      el("q", {}, entry.asked),
      el("time", { datetime: new Date(entry.at).toISOString() }, words.time(entry.at)),
      el("span", { class: "class" }, words.classOf(answer.classification), " · ", words.spaced(answer.intent),
        notices.length > 0 && el("span", { class: "flag" }, " · aviso al equipo")),
      icon(DOWN, { class: "chevron" }));
  }

  #facts(entry, before) {
    const { answer, turn } = entry;
    const steps = answer.decision_path.split("->");
    const rows = [
      ["Clase", [el("code", {}, answer.classification), scoreOf("Seguridad de la clase", answer.classification_score)]],
      ["Motivos", turn ? reasonsOf(turn.reasons) : turn === null && el("span", { class: "sub" }, "No se pudieron leer.")],
      ["Intención", [el("code", {}, answer.intent), turn && scoreOf("Seguridad de la intención", turn.intent_score)]],
      ["Datos", slotsOf(answer.slots, before) ?? el("span", { class: "sub" }, "ninguno todavía")],
      ["Traspaso", answer.handoff && this.#call(answer.handoff)],
      ["Camino", el("ol", { class: "path" }, steps.map((step) => el("li", { class: TURNS.test(step) && "turned" }, el("code", {}, step))))],
      ["Tiempo", [`${words.number(answer.latency_ms)} ms para decidir`,
        turn?.model_latency_ms && el("span", { class: "sub" }, ` · ${words.number(Math.round(turn.model_latency_ms))} ms del modelo externo`)]],
      ["Costo", costOf(answer, turn)],
    ];
    return el("dl", { class: "facts" }, rows.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  }

  #call({ team, priority, reason }) {
    return el("div", { class: "call" }, `Al ${this.#store.teams[team] ?? team}`,
      el("small", {}, `Motivo: ${words.handoffReason(reason)} · prioridad ${words.priority(priority)}`));
  }
}

const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

function costOf(answer, turn) {
  if (!answer.openai_called) {
    const by = answer.cache_hit ? "de la caché de preguntas frecuentes" : "reglas y modelo propio";
    return [words.dollars(0), el("span", { class: "sub" }, ` · ${by}`)];
  }
  if (!turn) return turn === null && el("span", { class: "sub" }, "No se pudo leer.");
  // A call that failed may have cost something that nobody told us.
  const spent = turn.cost_usd === null ? "costo desconocido" : words.dollars(turn.cost_usd);
  const tokens = turn.input_tokens !== null && `${turn.input_tokens} + ${turn.output_tokens} tokens`;
  const more = [turn.model, tokens, turn.fallback && "respondieron las reglas"].filter(Boolean);
  return [spent, el("span", { class: "sub" }, more.map((part) => ` · ${part}`))];
}

function scoreOf(label, value) {
  return el("div", { class: "score" },
    el("meter", { min: 0, max: 1, value, "aria-label": label }),
    el("span", {}, words.score(value)));
}

function reasonsOf(reasons) {
  return el("ul", { class: "reasons" }, reasons.map((text) => {
    const [lead, rest] = words.reason(text);
    return el("li", {}, lead && el("b", {}, lead), rest);
  }));
}

function slotsOf(slots, before) {
  const names = Object.keys(slots);
  if (names.length === 0) return null;
  const fresh = (name) => words.slot(slots[name]) !== words.slot(before[name] ?? "");
  return el("dl", { class: "slots" }, names.map((name) =>
    el("div", { class: fresh(name) ? "slot fresh" : "slot" },
      el("dt", {}, words.spaced(name)),
      el("dd", {}, words.slot(slots[name]), fresh(name) && el("span", { class: "sr" }, " (nuevo)")))));
}
