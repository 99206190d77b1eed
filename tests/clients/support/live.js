// Changes of the catalog, made as operators and users make them, and what it takes to follow them with any client.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { as, ask, demo, url } from './weft.js';

const binary = process.env.WEFT_CLIENTS_BINARY ?? fileURLToPath(new URL('../../../target/debug/weft', import.meta.url));

/** The address of the gateway's sockets. */
export const socketUrl = demo.websocket ?? url.replace(/^http/, 'ws');

/** What these tests subscribe to. */
export const WATCH = `subscription Watch($filter: EntityFilter, $after: String) {
  entityChanged(filter: $filter, after: $after) {
    __typename
    ... on EntityChange { cursor kind changedFields ref entity { id ref title } }
    ... on Gap { fromCursor toCursor reason }
  }
}`;

export const REMOVE = `mutation Remove($ref: EntityRef!) {
  removeEntity(input: { ref: $ref }) { entity { ref } userErrors { message } }
}`;

/** A subscription that is refused: what it filters by changes without the entity. */
export const REFUSED = 'subscription { entityChanged(filter: { ownership: [UNOWNED] }) { __typename } }';

/** Components of one test, which a tag tells from all others. */
export class Estate {
  #folder = mkdtempSync(join(tmpdir(), 'weft-clients-'));
  #tag = `clients-${this.#folder.split('-').at(-1).toLowerCase()}`;

  filter = { tags: [this.#tag] };

  /** The reference of a component by its name. */
  ref = (name) => `component:default/${this.#tag}-${name}`;

  /** Has the catalog say that these components have these titles. */
  async declare(titles) {
    for (const [name, title] of Object.entries(titles)) {
      const own = `${this.#tag}-${name}`;
      const metadata = `metadata:\n  name: ${own}\n  title: ${JSON.stringify(title)}\n  tags: [${this.#tag}]\n`;
      const spec = 'spec:\n  type: service\n  lifecycle: production\n  owner: payments\n';
      writeFileSync(join(this.#folder, `${name}.yaml`), `apiVersion: backstage.io/v1alpha1\nkind: Component\n${metadata}${spec}`);
    }
    const env = { ...process.env, DATABASE_URL: demo.database_url };
    await promisify(execFile)(binary, ['import', 'catalog', this.#folder], { env, timeout: 60_000 });
  }

  /** Its files go with the test that it is for. */
  constructor(test) {
    test.after(() => rmSync(this.#folder, { recursive: true, force: true }));
  }
}

/** The cursor of this moment: what follows it are all changes from now on. */
export async function now(role = 'engineer') {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...as(role), 'content-type': 'application/json', 'x-query-cursor': 'true' },
    body: JSON.stringify({ query: '{ viewer { subject } }' }),
  });
  return (await response.json()).extensions.cursor;
}

/** Removes an entity, by a plain request of the admin. */
export const removed = (ref) => ask(REMOVE, { ref }, 'admin');

/** A token of this role that lives so many seconds. */
export async function brief(role, lifetime) {
  const form = { grant_type: 'client_credentials', ...demo.clients[role], lifetime };
  const response = await fetch(`${demo.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
  return `Bearer ${(await response.json()).access_token}`;
}

/** The value of a metric without labels. */
export async function metric(name) {
  const text = await (await fetch(`${demo.admin}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? 0);
}
