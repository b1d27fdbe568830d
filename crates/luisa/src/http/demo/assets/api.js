// What the page asks of LUISA. The chat is the open API that any other program would use.

// LUISA ends a request after 30 s by herself.
const PATIENCE_MS = 35_000;

/** Why there is no answer: `offline`, `unreachable`, `pace`, `busy`, `refused`. */
export class Trouble extends Error {
  constructor(kind, waitSeconds = 0) {
    super(kind);
    this.kind = kind;
    this.waitSeconds = waitSeconds;
  }
}

export const store = () => request("/api/demo");

export const turn = (requestId) => request(`/api/demo/turns/${encodeURIComponent(requestId)}`);

export function say(conversation, { text, option }) {
  const body = { conversation_id: conversation, text, sender: "customer" };
  if (option) body.option_id = option;
  return request("/api/chat", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Trouble(navigator.onLine ? "unreachable" : "offline");
  }
  if (response.ok) {
    // An answer that breaks off is none.
    return response.json().catch(() => { throw new Trouble("unreachable"); });
  }
  const wait = Number(response.headers.get("retry-after")) || 0;
  if (response.status === 429) throw new Trouble("pace", wait || 30);
  throw new Trouble(response.status >= 500 || response.status === 409 ? "busy" : "refused", wait);
}
