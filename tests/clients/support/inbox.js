// What a subscription says, in its order, for a test to take one by one; and every wait has an end.

import assert from 'node:assert/strict';

/** Longest wait for anything, in milliseconds. */
export const PATIENCE = 120_000;

/** The promise, or a failure that says what did not come. */
export function within(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`never: ${what}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export const sleep = (duration) => new Promise((resolve) => setTimeout(resolve, duration));

/** Looks again and again until `look` finds something true. */
export async function until(what, look, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `never: ${what}`);
    await sleep(20);
  }
}

/** An observer, as all clients take one; and what it was told. */
export class Inbox {
  #told = [];
  #wake = () => {};

  /** @param cursor where it begins; from then on the cursor of the last event that came, taken or not. */
  constructor(cursor) {
    this.cursor = cursor;
  }

  #put(...told) {
    this.#told.push(told);
    this.#wake();
  }

  next = (value) => {
    this.cursor = value.data?.entityChanged?.cursor ?? this.cursor;
    this.#put('next', value);
  };

  error = (error) => this.#put('error', error);
  complete = () => this.#put('complete');

  async #take(wanted) {
    while (!this.#told.length) {
      await within(new Promise((resolve) => { this.#wake = resolve; }), `${wanted} of a subscription`);
    }
    const [kind, value] = this.#told.shift();
    assert.equal(kind, wanted, `${kind} came instead: ${JSON.stringify(value) ?? ''} ${value}`);
    return value;
  }

  /** The next result. */
  value = () => this.#take('next');

  /** The error that ended it. */
  failure = () => this.#take('error');

  /** Its end. */
  end = () => this.#take('complete');

  /** The next event of `entityChanged`. */
  async event() {
    const { data, errors } = await this.value();
    assert.equal(errors, undefined);
    return data.entityChanged;
  }

  /** How much was told and not taken. */
  get left() {
    return this.#told.length;
  }
}
