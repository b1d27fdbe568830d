// Spanish for the ids of a decision. What is not listed is shown as it is.

const CLASSES = {
  EMPTY_OR_GIBBERISH: "Sin contenido",
  NON_BUSINESS: "Ajeno al negocio",
  BUSINESS_FAQ: "Pregunta frecuente",
  BUSINESS_CONSULT: "Consulta del negocio",
};

const PRIORITIES = { low: "baja", medium: "media", high: "alta", urgent: "urgente" };

const HANDOFF_REASONS = {
  urgente: "urgente",
  reclamo: "reclamo",
  pide_humano: "pide una persona",
  proyecto_negocio: "proyecto de negocio",
  servicio_diferencial: "servicio diferencial",
  reparacion: "reparación",
  cierre: "cierre de la compra",
  logistica: "logística",
  estado_pedido: "estado del pedido",
  parte_de_pago: "parte de pago",
  proveedor: "proveedor",
};

const REASONS = {
  "it answers the pending question": "responde la pregunta pendiente",
  "it gives the data that the team asked for": "da los datos que pidió el equipo",
  "it leans on the sale under way": "sigue la venta en curso",
  "it speaks to the assistant": "le habla a la asistente",
  "no word supports calling a person": "nada pide llamar a una persona",
  "nothing private is mentioned, and a sale is under way": "no menciona nada privado y hay una venta en curso",
  "a bare acknowledgement": "un simple acuse",
  "no letters": "sin letras",
  "not a text": "no es texto",
  "a reaction": "una reacción",
  "laughter": "una risa",
};

const LEADS = { "model: ": "Modelo: ", "mentions: ": "Menciona: ", "rule: ": "Regla: " };

const NOTICES = {
  queued: "En cola para el WhatsApp del equipo",
  sent: "Enviado al WhatsApp del equipo",
  unknown: "Enviado; falta la confirmación de WhatsApp",
  held: "Espera una plantilla aprobada o a una persona",
  failed: "WhatsApp no lo recibió",
};

const TROUBLES = {
  offline: "Sin conexión. Su mensaje sale cuando vuelva el internet.",
  unreachable: "LUISA no contesta. El mensaje sigue aquí.",
  pace: "Van muchos mensajes en un minuto. El suyo sigue aquí.",
  busy: "LUISA no pudo responder en este momento. El mensaje sigue aquí.",
  refused: "LUISA no aceptó este mensaje.",
  interrupted: "La página se cerró antes de la respuesta.",
};

export const classOf = (id) => CLASSES[id] ?? id;
export const priority = (id) => PRIORITIES[id] ?? id;
export const handoffReason = (id) => HANDOFF_REASONS[id] ?? spaced(id);
export const spaced = (id) => id.replaceAll("_", " ");

/** A reason as its lead and its text. */
export function reason(text) {
  const known = REASONS[text];
  if (known) return ["", known];
  const lead = Object.keys(LEADS).find((lead) => text.startsWith(lead));
  if (lead) return [LEADS[lead], named(text.slice(lead.length))];
  const pressed = /^pressed `(.*)`$/.exec(text);
  return pressed ? ["Botón: ", pressed[1]] : ["", text];
}

const named = (text) =>
  text.replace(/[A-Z_]{5,}/g, (id) => CLASSES[id]?.toLowerCase() ?? id).replace(/(\d)\.(\d\d)\b/g, "$1,$2").replaceAll("_", " ");

/** What became of a notice. */
export const noticeState = (notice) =>
  notice.error_code === "no_number" ? "Así le llegaría; aquí no se envía porque WhatsApp no está configurado" : NOTICES[notice.state] ?? notice.state;

/** What went wrong with a message. */
export const trouble = (kind) => TROUBLES[kind] ?? TROUBLES.busy;

const numbers = new Intl.NumberFormat("es-CO", { maximumFractionDigits: 2 });
const scores = new Intl.NumberFormat("es-CO", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const hours = new Intl.DateTimeFormat("es-CO", { hour: "numeric", minute: "2-digit" });

export const number = (value) => numbers.format(value);
export const score = (value) => scores.format(value);
export const time = (at) => hours.format(at);
export const dollars = (value) => `US$ ${value ? value.toFixed(5) : "0"}`;
export const slot = (value) => (typeof value === "number" ? number(value) : typeof value === "object" ? JSON.stringify(value) : String(value));
