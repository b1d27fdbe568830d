// Example customers, who write by themselves.

// Long enough to read the answer, short enough not to wait for it.
const BEFORE_MS = 900;
const PER_CHARACTER_MS = 16;
const LONGEST_MS = 3600;

export class Player {
  #on;
  #playing = null;

  /** `on` has `begin(customer)`, `say(text)` → the answer or null, `ended()`. */
  constructor(on) {
    this.#on = on;
  }

  get customer() {
    return this.#playing?.customer ?? null;
  }

  async play(customer) {
    this.stop();
    const playing = { customer, wake: () => {} };
    this.#playing = playing;
    this.#on.begin(customer);
    let read = 0;
    for (const text of customer.says) {
      await pause(playing, Math.min(BEFORE_MS + read * PER_CHARACTER_MS, LONGEST_MS));
      if (this.#playing !== playing) return;
      const answer = await this.#on.say(text);
      if (this.#playing !== playing) return;
      if (!answer) break;
      read = answer.response.length;
    }
    this.stop();
  }

  stop() {
    const playing = this.#playing;
    if (!playing) return;
    this.#playing = null;
    playing.wake();
    this.#on.ended();
  }
}

const pause = (playing, ms) => new Promise((done) => {
  const timer = setTimeout(done, ms);
  playing.wake = () => { clearTimeout(timer); done(); };
});
