// Relay: its compiler over our schema, then its runtime: a query, a refetchable fragment by `node`, a connection and its next pages.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { before, test } from 'node:test';

import relay from 'relay-runtime';

import { artefacts, compile, connect, load, read } from './support/relay.js';
import { ask } from './support/weft.js';

const { getFragment, getPaginationMetadata, getPaginationVariables, getRefetchMetadata } = relay;

const folder = new URL('./relay/', import.meta.url);
const artefact = artefacts(folder);

before(() => compile(folder));

test('the compiler accepts the schema and makes every artefact', () => {
  const made = readdirSync(new URL('__generated__/', folder));
  for (const name of ['documentsTeamQuery', 'documentsComponentRefetchQuery', 'documentsComponentsPageQuery']) {
    assert.ok(made.includes(`${name}.graphql.js`), `${name} in ${made}`);
  }
});

test('fetchQuery', async () => {
  const { environment } = connect();
  const data = await load(environment, artefact('documentsTeamQuery'), { ref: 'group:default/payments', first: 1 });
  assert.equal(data.team.title, 'Payments');
  assert.deepEqual({ ...data.viewer }, { subject: 'ines.lindqvist', tenant: 'default' });
  assert.equal(environment.getStore().getSource().get(data.team.id).__typename, 'Team', 'the store knows it by its id');
});

test('what is behind a union is known by its id too', async () => {
  const { environment } = connect();
  const query = artefact('documentsComponentQuery');
  // The compiler asks for ids by an interface: it knows of no other way to those of a union.
  assert.match(query.params.text, /owner \{[^}]*\.\.\. on Team \{[^}]*\}\s*\.\.\. on Node \{\s*__isNode: __typename\s+id\s*\}/);
  const { component } = await load(environment, query, { ref: 'component:default/payments-api' });
  const { owner } = read(environment, getFragment(artefact('documents_component')), component);
  assert.deepEqual({ ...owner }, { title: 'Payments' });
  const { data } = await ask('{ team(ref: "group:default/payments") { id } }');
  assert.equal(environment.getStore().getSource().get(component.id).owner.__ref, data.team.id);
});

test('a refetchable fragment is fetched again through node(id)', async () => {
  const { environment, sent } = connect();
  const ref = 'component:default/payments-api';
  const fragment = getFragment(artefact('documents_component'));
  const { component } = await load(environment, artefact('documentsComponentQuery'), { ref });
  const first = read(environment, fragment, component);
  assert.equal(first.ref, ref);
  assert.equal(first.relations.nodes.length, 1);
  assert.equal(first.relations.pageInfo.hasNextPage, true);

  const { refetchableRequest, identifierInfo } = getRefetchMetadata(fragment, 'the test');
  assert.equal(identifierInfo.identifierField, 'id');
  const again = await load(environment, refetchableRequest, { id: component.id, relations: 4 });
  assert.match(refetchableRequest.params.text, /node\(id: \$id\)/);
  const second = read(environment, fragment, again.node);
  assert.equal(second.relations.nodes.length, 4);
  assert.deepEqual(second.relations.nodes[0], first.relations.nodes[0]);
  assert.equal(second.ref, ref);
  assert.deepEqual(sent.map((request) => request.name), ['documentsComponentQuery', 'documentsComponentRefetchQuery']);
});

test('a connection grows page by page until there is no next one', async () => {
  const { environment, sent } = connect();
  const first = 15;
  const query = artefact('documentsTeamQuery');
  const root = await load(environment, query, { ref: 'group:default/payments', first });
  const fragment = getFragment(artefact('documents_components'));
  const { paginationRequest, paginationMetadata, connectionPathInFragmentData } = getPaginationMetadata(fragment, 'the test');
  assert.deepEqual(connectionPathInFragmentData, ['components']);
  const shown = () => read(environment, fragment, root).components;
  let rounds = 1;
  while (shown().pageInfo.hasNextPage && rounds < 20) {
    assert.equal(shown().edges.length, first * rounds);
    // What `loadNext` of usePaginationFragment does.
    const cursor = shown().pageInfo.endCursor;
    const variables = getPaginationVariables('forward', first, cursor, {}, {}, paginationMetadata);
    await load(environment, paginationRequest, variables);
    rounds += 1;
  }
  assert.ok(rounds > 3, `${rounds} pages are too few to show paging`);
  const { data } = await ask('{ components(filter: { owner: ["group:default/payments"] }, first: 100) { totalCount nodes { ref } } }');
  assert.deepEqual(shown().edges.map((edge) => edge.node.ref), data.components.nodes.map((node) => node.ref));
  assert.equal(shown().edges.length, shown().totalCount);
  assert.deepEqual(new Set(sent.slice(1).map((request) => request.name)), new Set(['documentsComponentsPageQuery']));
});

test('a field that is refused is null, or fails the query that requires it', async () => {
  const { environment } = connect();
  const data = await load(environment, artefact('documentsPartialQuery'), {});
  assert.equal(data.viewer.subject, 'ines.lindqvist');
  assert.equal(data.auditLog, null);
  const strict = artefact('documentsStrictQuery');
  await assert.rejects(load(environment, strict, {}), /auditLog/);
  const admin = await load(connect('admin').environment, strict, {});
  assert.equal(typeof admin.auditLog.totalCount, 'number', 'whoever may read it gets it');
});

test('a refused document is an error with the gateway’s words', async () => {
  const { environment } = connect();
  const query = artefact('documentsPartialQuery');
  const broken = { ...query, params: { ...query.params, text: 'query documentsPartialQuery { nothingOfThisName }' } };
  await assert.rejects(load(environment, broken, {}), (error) => {
    assert.equal(error.source.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    return error.message.includes('nothingOfThisName');
  });
});
