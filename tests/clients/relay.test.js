// Relay: its compiler over our schema, then its runtime: a query, a refetchable fragment by `node`, a connection and its next pages.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';

import relay from 'relay-runtime';

import { as, ask, url } from './support/weft.js';

const { Environment, Network, RecordSource, Store, fetchQuery, createOperationDescriptor } = relay;
const { getFragment, getPaginationMetadata, getPaginationVariables, getRefetchMetadata, getSingularSelector } = relay;

const folder = new URL('./relay/', import.meta.url);
const require = createRequire(import.meta.url);

/** What the compiler made of the document with this name. */
const artefact = (name) => require(`./relay/__generated__/${name}.graphql.js`);

before(() => {
  rmSync(new URL('__generated__/', folder), { recursive: true, force: true });
  mkdirSync(new URL('__generated__/', folder), { recursive: true });
  const compiler = require.resolve('relay-compiler/cli.js');
  execFileSync(process.execPath, [compiler, 'relay.config.json'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(new URL('__generated__/package.json', folder), '{ "type": "commonjs" }');
});

/** An environment with the network function of Relay's guide; `sent` has the bodies of its requests. */
function connect(role = 'engineer') {
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
async function load(environment, query, variables) {
  const data = await fetchQuery(environment, query, variables).toPromise();
  environment.retain(createOperationDescriptor(query, variables));
  return data;
}

/** What a component with this fragment would show. */
const read = (environment, fragment, reference) => environment.lookup(getSingularSelector(fragment, reference)).data;

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
