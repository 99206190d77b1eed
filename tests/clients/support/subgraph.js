// The team's subgraph in the graph of the gateway under test: what it says when it is asked itself, and how it behaves.

import assert from 'node:assert/strict';

import { demo } from './weft.js';

/** Why its tests are skipped, if they are: the demo has another one, which always answers. */
export const skip = demo.subgraph ? false : 'the subgraph of this gateway does not fail when it is told to';

/** What it says of the incidents of these components, by their references; `open` as its field takes it. */
export async function incidentsOf(refs, open = null) {
  const query = `query ($of: [_Any!]!, $open: Boolean) {
    _entities(representations: $of) { ... on Component { ref incidents(open: $open) { id title severity } } }
  }`;
  const response = await fetch(demo.subgraph.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { of: refs.map((ref) => ({ __typename: 'Component', ref })), open } }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return Object.fromEntries(data._entities.map(({ ref, incidents }) => [ref, incidents]));
}

async function behave(mode) {
  const response = await fetch(demo.subgraph.mode, { method: 'PUT', body: mode });
  assert.equal(response.status, 204);
}

/** Has it fail, until the test ends or asks for its end. */
export async function broken(test) {
  const mend = () => behave('good');
  test.after(mend);
  await behave('broken');
  return mend;
}
