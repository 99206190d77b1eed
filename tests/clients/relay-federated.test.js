// Relay over a graph that a team is part of: the compiler takes the composed schema, and the runtime what is composed of both.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';

import relay from 'relay-runtime';

import { artefacts, compile, connect, load, read } from './support/relay.js';
import { broken, incidentsOf, skip } from './support/subgraph.js';
import { as, ask, at } from './support/weft.js';

const { commitMutation, getFragment, getPaginationMetadata, getPaginationVariables, getRefetchMetadata } = relay;

const PAYOUTS = 'component:default/payouts-api';

const folder = new URL('./relay-federated/', import.meta.url);
const artefact = artefacts(folder);

before(async () => {
  if (skip) return;
  const response = await fetch(at('/schema.graphql'), { headers: as('engineer') });
  assert.equal(response.status, 200);
  mkdirSync(new URL('generated/', folder), { recursive: true });
  writeFileSync(new URL('generated/schema.graphql', folder), await response.text());
  compile(folder);
});

/** An answer as plain objects, without the ids that the compiler asks for. */
const plain = (value) => JSON.parse(JSON.stringify(value));

/** What the fragment of a component is expected to show of the team's: `open` as its field takes it. */
async function theirs(open) {
  const incidents = (await incidentsOf([PAYOUTS], open))[PAYOUTS];
  return incidents.map(({ title, severity }) => ({ title, severity, component: { name: 'payouts-api' } }));
}

test('the compiler takes the composed schema, and asks for the ids of both sides', { skip }, () => {
  const { text } = artefact('documentsComponentQuery').params;
  assert.match(text, /incidents\(open: true\) \{\s+title\s+severity\s+component \{\s+name\s+id\s+\}\s+id\s+\}/);
});

test('a fragment has the team’s fields next to own ones', { skip }, async () => {
  const { environment, sent } = connect();
  const { component } = await load(environment, artefact('documentsComponentQuery'), { ref: PAYOUTS });
  const shown = read(environment, getFragment(artefact('documents_component')), component);
  const query = 'query ($ref: EntityRef!) { component(ref: $ref) { name owner { __typename ... on Team { id name } } } }';
  const { name, owner: { id, ...owner } } = (await ask(query, { ref: PAYOUTS })).data.component;
  assert.equal(owner.__typename, 'Team');
  assert.deepEqual([shown.ref, shown.health], [PAYOUTS, 'bad']);
  assert.deepEqual(plain({ name: shown.name, owner: shown.owner }), { name, owner });
  const expected = await theirs(true);
  assert.equal(expected.length, 1);
  assert.deepEqual(plain(shown.incidents), expected);
  const source = environment.getStore().getSource();
  assert.equal(source.get(component.id).owner.__ref, id);
  assert.equal(source.get(`${PAYOUTS}#0`).__typename, 'Incident', 'the store knows an incident by its id');
  assert.equal(source.get(`${PAYOUTS}#0`).component.__ref, component.id, 'and that its component is the one that led to it');
  assert.equal(sent.length, 1);
});

test('the fragment is fetched again through node(id), the team’s fields with it', { skip }, async () => {
  const { environment, sent } = connect();
  const fragment = getFragment(artefact('documents_component'));
  const { component } = await load(environment, artefact('documentsComponentQuery'), { ref: PAYOUTS });
  const { refetchableRequest, identifierInfo } = getRefetchMetadata(fragment, 'the test');
  assert.equal(identifierInfo.identifierField, 'id');
  assert.match(refetchableRequest.params.text, /node\(id: \$id\)/);
  const again = await load(environment, refetchableRequest, { id: component.id, open: false });
  const shown = read(environment, fragment, again.node);
  const expected = await theirs(false);
  assert.deepEqual(expected.map(({ title }) => title), [`incident 1 of ${PAYOUTS}`]);
  assert.deepEqual(plain(shown.incidents), expected);
  assert.deepEqual([shown.ref, shown.name, shown.health], [PAYOUTS, 'payouts-api', 'bad']);
  assert.deepEqual(plain(read(environment, fragment, component).incidents), await theirs(true), 'what was shown before stays');
  assert.deepEqual(sent.map((request) => request.name), ['documentsComponentQuery', 'documentsComponentRefetchQuery']);
});

test('a connection of both grows page by page until there is no next one', { skip }, async () => {
  const { environment, sent } = connect();
  const first = 20;
  const root = await load(environment, artefact('documentsListQuery'), { first });
  const fragment = getFragment(artefact('documents_list'));
  const { paginationRequest, paginationMetadata } = getPaginationMetadata(fragment, 'the test');
  const shown = () => read(environment, fragment, root).components;
  let rounds = 1;
  while (shown().pageInfo.hasNextPage && rounds < 20) {
    assert.equal(shown().edges.length, first * rounds);
    // What `loadNext` of usePaginationFragment does.
    const variables = getPaginationVariables('forward', first, shown().pageInfo.endCursor, {}, {}, paginationMetadata);
    await load(environment, paginationRequest, variables);
    rounds += 1;
  }
  assert.ok(rounds > 2, `${rounds} pages are too few to show paging`);
  assert.equal(sent.length, rounds);
  const { data } = await ask('{ components(filter: { owner: ["group:default/payments"] }, first: 100) { nodes { ref name } } }');
  const incidents = await incidentsOf(data.components.nodes.map(({ ref }) => ref));
  const expected = data.components.nodes.map(({ ref, name }) => ({
    ref,
    name,
    incidents: incidents[ref].map(({ title, severity }) => ({ title, severity })),
  }));
  assert.deepEqual(plain(shown().edges.map(({ node: { ref, name, incidents } }) => ({ ref, name, incidents }))), expected);
});

test('a field of a subgraph that fails is caught, with its code and source', { skip }, async (t) => {
  const { environment } = connect();
  const mend = await broken(t);
  const query = artefact('documentsCaughtQuery');
  const { component } = await load(environment, query, { ref: PAYOUTS });
  assert.equal(component.name, 'payouts-api');
  assert.equal(component.incidents.ok, false);
  const told = component.incidents.errors.map(({ extensions }) => [extensions.code, extensions.source]);
  assert.deepEqual(told, [['UPSTREAM_UNAVAILABLE', 'incidents']]);
  await mend();
  const again = await load(environment, query, { ref: PAYOUTS });
  assert.equal(again.component.incidents.ok, true);
  const titles = (await theirs(null)).map(({ title }) => ({ title }));
  assert.deepEqual(plain(again.component.incidents.value), titles);
});

test('a mutation of the team’s changes what a fragment shows', { skip }, async () => {
  const { environment, sent } = connect();
  const fragment = getFragment(artefact('documents_component'));
  const { component } = await load(environment, artefact('documentsComponentQuery'), { ref: PAYOUTS });
  const severity = () => read(environment, fragment, component).incidents[0].severity;
  assert.equal(severity(), 'HIGH');
  const response = await new Promise((resolve, reject) => {
    const mutation = artefact('documentsResolveMutation');
    commitMutation(environment, { mutation, variables: { id: `${PAYOUTS}#0` }, onCompleted: resolve, onError: reject });
  });
  assert.equal(response.resolveIncident.component.name, 'payouts-api');
  assert.equal(severity(), 'LOW');
  assert.equal(sent.length, 2, 'what is shown comes by the store, not by another request');
  assert.deepEqual(await theirs(true), [], 'the team holds it for resolved');
});
