// The gateway under test: its address and tokens from the file that WEFT_CLIENTS_DEMO names, and a `fetch` that notes what it sent.

import { readFileSync } from 'node:fs';

const file = process.env.WEFT_CLIENTS_DEMO ?? new URL('../../../.weft/demo.json', import.meta.url);

/** Addresses and tokens, in the form of the demo's `demo.json`. */
export const demo = JSON.parse(readFileSync(file, 'utf8'));

/** The address of `/graphql`. */
export const url = demo.graphql;

/** The address of a path of the gateway. */
export const at = (path) => new URL(path, url).href;

/** The headers that make a request one of this role's. */
export const as = (role) => ({ authorization: `Bearer ${demo.tokens[role]}` });

/** A `fetch` with a list, `sent`, of the requests made by it and of their answers. */
export function recorder() {
  const sent = [];
  const fetchAndNote = async (target, options = {}) => {
    const response = await fetch(target, options);
    sent.push({
      method: options.method ?? 'GET',
      url: String(target),
      headers: new Headers(options.headers),
      body: options.body,
      status: response.status,
      type: response.headers.get('content-type'),
    });
    return response;
  };
  return { fetch: fetchAndNote, sent };
}

/** What the gateway answers to a plain request, without any client; what the clients' results are compared with. */
export async function ask(query, variables = {}, role = 'engineer') {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...as(role), 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}
