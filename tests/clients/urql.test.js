// urql's core with its default settings: GET for short queries, POST for long ones and mutations, its Accept list, its errors.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client, CombinedError, cacheExchange, fetchExchange, gql } from '@urql/core';

import { as, ask, recorder, url } from './support/weft.js';

const BY_REF = gql`query ByRef($ref: EntityRef!) { component(ref: $ref) { id ref title } }`;

/** The longest address that urql still sends a query by. */
const LONGEST_GET = 2047;

function connect(role = 'engineer', headers = as(role)) {
  const { fetch, sent } = recorder();
  const client = new Client({ url, exchanges: [cacheExchange, fetchExchange], fetch, fetchOptions: { headers } });
  return { client, sent };
}

test('a short query goes by GET', async () => {
  const { client, sent } = connect();
  const { data, error } = await client.query(BY_REF, { ref: 'component:default/payments-api' });
  assert.equal(error, undefined);
  const expected = await ask('{ component(ref: "component:default/payments-api") { id title } }');
  assert.equal(data.component.id, expected.data.component.id);
  assert.equal(data.component.title, expected.data.component.title);
  assert.equal(sent[0].method, 'GET');
  const parameters = new URL(sent[0].url).searchParams;
  assert.deepEqual([...parameters.keys()].sort(), ['operationName', 'query', 'variables']);
  assert.equal(parameters.get('operationName'), 'ByRef');
  const accept = sent[0].headers.get('accept').split(/,\s*/);
  for (const type of ['application/graphql-response+json', 'application/json', 'text/event-stream', 'multipart/mixed']) {
    assert.ok(accept.includes(type), `urql lists ${type}`);
  }
  assert.equal(sent[0].type, 'application/graphql-response+json; charset=utf-8', 'JSON, though streams are listed too');
});

test('a long query goes by POST and has the same answer', async () => {
  const { client, sent } = connect();
  const list = (refs) =>
    client.query(gql`query List($refs: [EntityRef!]) { entities(filter: { ref: $refs }, first: 100) { nodes { ref } } }`, { refs });
  const refs = (await ask('{ components(first: 100) { nodes { ref } } }')).data.components.nodes.map((node) => node.ref);
  assert.equal(refs.length, 100);
  const short = await list(refs.slice(0, 3));
  const long = await list(refs);
  assert.deepEqual(sent.map((request) => request.method), ['GET', 'POST']);
  assert.ok(sent[0].url.length <= LONGEST_GET && sent[1].body.length > LONGEST_GET);
  assert.deepEqual(short.data.entities.nodes.map((node) => node.ref), refs.slice(0, 3));
  assert.deepEqual(long.data.entities.nodes.map((node) => node.ref), refs);
});

test('a mutation goes by POST, and what it may not do is said in its error', async () => {
  const { client, sent } = connect();
  const change = gql`mutation Drop($input: RemoveEntityInput!) { removeEntity(input: $input) { entity { id } userErrors { code } } }`;
  const { data, error } = await client.mutation(change, { input: { ref: 'component:default/payments-api' } });
  assert.equal(sent[0].method, 'POST');
  assert.ok(!data?.removeEntity, 'nothing was removed');
  assert.equal(error.graphQLErrors[0].extensions.code, 'FORBIDDEN');
  const after = await ask('{ component(ref: "component:default/payments-api") { ref } }');
  assert.equal(after.data.component.ref, 'component:default/payments-api');
});

test('pages follow each other by cursor', async () => {
  const { client } = connect();
  const query = gql`query Page($after: String) {
    teams(first: 4, after: $after) { totalCount edges { cursor node { ref } } pageInfo { hasNextPage endCursor } }
  }`;
  const refs = [];
  let after = null;
  let total;
  do {
    const { data, error } = await client.query(query, { after });
    assert.equal(error, undefined);
    refs.push(...data.teams.edges.map((edge) => edge.node.ref));
    after = data.teams.pageInfo.hasNextPage ? data.teams.pageInfo.endCursor : null;
    total = data.teams.totalCount;
  } while (after && refs.length < 200);
  assert.ok(total > 8, `${total} teams are too few to show paging`);
  assert.equal(refs.length, total);
  const { data } = await ask('{ teams(first: 100) { nodes { ref } } }');
  assert.deepEqual(refs, data.teams.nodes.map((node) => node.ref), 'the pages are the whole list, in its order');
});

test('partial data comes with its errors', async () => {
  const { client } = connect();
  const { data, error } = await client.query(gql`{ viewer { subject } entities(first: 1000) { totalCount } }`, {});
  assert.equal(data.viewer.subject, 'ines.lindqvist');
  assert.equal(data.entities, null);
  assert.ok(error instanceof CombinedError);
  assert.equal(error.networkError, undefined);
  assert.deepEqual(error.graphQLErrors.map((each) => each.path), [['entities']]);
  assert.equal(error.graphQLErrors[0].extensions.code, 'BAD_USER_INPUT');
});

for (const [what, headers, query, status, code] of [
  ['an unknown field', as('engineer'), gql`{ nothingOfThisName }`, 400, 'GRAPHQL_VALIDATION_FAILED'],
  ['no token', {}, BY_REF, 401, 'UNAUTHENTICATED'],
]) {
  test(`${what}, by GET and by POST, is errors of GraphQL`, async () => {
    for (const preferGetMethod of ['within-url-limit', false]) {
      const { client, sent } = connect('engineer', headers);
      const { data, error } = await client.query(query, { ref: 'component:default/payments-api' }, { preferGetMethod });
      assert.equal(sent[0].method, preferGetMethod ? 'GET' : 'POST');
      assert.equal(sent[0].status, status);
      assert.equal(data, undefined);
      assert.equal(error.networkError, undefined, `${error}`);
      assert.equal(error.graphQLErrors[0].extensions.code, code);
    }
  });
}

test('tenants are apart', async () => {
  const { client } = connect('other_tenant_engineer');
  const { data, error } = await client.query(gql`{ viewer { tenant } entity(ref: "component:default/cards-api") { ref } }`, {});
  assert.equal(error, undefined);
  assert.equal(data.viewer.tenant, 'harbor');
  assert.equal(data.entity, null);
});
