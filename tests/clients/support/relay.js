// Relay as an application has it: what its compiler makes of a folder's documents, and an environment over the gateway.

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import relay from 'relay-runtime';

import { as, url } from './weft.js';

const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, getSingularSelector } = relay;

const require = createRequire(import.meta.url);

/** Has the compiler make the artefacts of a folder with a `relay.config.json`. */
export function compile(folder) {
  const made = new URL('__generated__/', folder);
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  const compiler = require.resolve('relay-compiler/cli.js');
  execFileSync(process.execPath, [compiler, 'relay.config.json'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(new URL('package.json', made), '{ "type": "commonjs" }');
}

/** What the compiler made of the document with a name. */
export const artefacts = (folder) => (name) => require(fileURLToPath(new URL(`__generated__/${name}.graphql.js`, folder)));

/** An environment with the network function of Relay's guide; `sent` has the bodies of its requests. */
export function connect(role = 'engineer') {
  const sent = [];
  const ofNetwork = async (request, variables) => {
    sent.push({ name: request.name, variables });
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...as(role), 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json;q=0.9' },
      body: JSON.stringify({ query: request.text, variables, operationName: request.name }),
    });
    return response.json();
  };
  const store = new Store(new RecordSource());
  return { environment: new Environment({ network: Network.create(ofNetwork), store }), sent };
}

/** Fetches, keeps and reads a query. */
export async function load(environment, query, variables) {
  const data = await fetchQuery(environment, query, variables).toPromise();
  environment.retain(createOperationDescriptor(query, variables));
  return data;
}

/** What a component with this fragment would show. */
export const read = (environment, fragment, reference) => environment.lookup(getSingularSelector(fragment, reference)).data;
