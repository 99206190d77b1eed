// Apollo Client 4, without React: variables, relay-style paging, partial data, error codes, refusals and its normalised cache.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { filter, firstValueFrom } from 'rxjs';

import { connect, failure } from './support/apollo.js';
import { as, ask, recorder, url } from './support/weft.js';

const PAYMENTS = 'component:default/payments-api';
const BY_REF = gql`query ByRef($ref: EntityRef!) { entity(ref: $ref) { id ref title } }`;

test('a query with variables', async () => {
  const { client, sent } = await connect();
  const query = gql`
    query Component($ref: EntityRef!, $first: Int!) {
      component(ref: $ref) {
        ref title type
        owner { ... on Team { ref title } ... on User { ref displayName } }
        relations(type: ["partOf"], first: $first) { nodes { targetRef } }
      }
    }`;
  const { data, error } = await client.query({ query, variables: { ref: PAYMENTS, first: 5 } });
  assert.equal(error, undefined);
  assert.equal(data.component.ref, PAYMENTS);
  assert.equal(data.component.type, 'service');
  assert.deepEqual({ ...data.component.owner }, { __typename: 'Team', ref: 'group:default/payments', title: 'Payments' });
  assert.equal(data.component.relations.nodes.length, 1);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].headers.get('accept'), 'application/graphql-response+json,application/json;q=0.9');
  assert.equal(sent[0].type, 'application/graphql-response+json; charset=utf-8');
  assert.equal(sent[0].headers.get('apollographql-client-name'), 'tests');
  assert.ok(JSON.parse(sent[0].body).extensions.clientLibrary, 'the client sends extensions, and they are tolerated');
});

for (const [field, kind] of [['entities', 'Entity'], ['components', 'Component']]) {
  test(`fetchMore with relayStylePagination over ${field}`, async () => {
    const { client, sent } = await connect();
    const query = gql`
      query Page($owner: [EntityRef!], $first: Int!, $after: String) {
        ${field}(filter: { owner: $owner }, orderBy: { field: NAME }, first: $first, after: $after) {
          totalCount
          edges { cursor node { id ref } }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
      }`;
    const variables = { owner: ['group:default/payments'], first: 25 };
    const watched = client.watchQuery({ query, variables });
    const merged = () => client.readQuery({ query, variables })[field];
    await firstValueFrom(watched.pipe(filter(({ loading }) => !loading)));
    const subscription = watched.subscribe();
    let page = merged();
    assert.equal(page.pageInfo.hasPreviousPage, false);
    let rounds = 1;
    while (page.pageInfo.hasNextPage) {
      assert.equal(page.edges.length, 25 * rounds, 'each page is full but the last');
      await watched.fetchMore({ variables: { after: page.pageInfo.endCursor } });
      page = merged();
      rounds += 1;
      assert.ok(rounds < 20, 'the pages come to an end');
    }
    subscription.unsubscribe();
    assert.equal(sent.length, rounds);
    assert.ok(rounds > 2, `${rounds} pages are too few to show paging`);
    const { data } = await ask(
      `query ($owner: [EntityRef!]) { ${field}(filter: { owner: $owner }, orderBy: { field: NAME }, first: 100) { totalCount nodes { ref } } }`,
      { owner: variables.owner },
    );
    const refs = page.edges.map((edge) => edge.node.ref);
    assert.deepEqual(refs, data[field].nodes.map((node) => node.ref), 'the merged pages are the whole list, in its order');
    assert.equal(refs.length, page.totalCount);
    assert.equal(new Set(page.edges.map((edge) => edge.cursor)).size, refs.length);
    const types = new Set(page.edges.map((edge) => edge.node.__typename));
    assert.equal(kind === 'Component', types.size === 1 && types.has('Component'), [...types].join());
  });
}

test('partial data with errors, and what the error link sees of them', async () => {
  const { client, seen } = await connect();
  const query = gql`
    query Partial { viewer { subject } auditLog(first: 1) { totalCount } entities(first: -1) { totalCount } }`;
  const { data, error } = await client.query({ query, errorPolicy: 'all', fetchPolicy: 'network-only' });
  assert.equal(data.viewer.subject, 'ines.lindqvist');
  assert.equal(data.auditLog, null);
  assert.equal(data.entities, null);
  assert.ok(CombinedGraphQLErrors.is(error));
  const told = error.errors.map((each) => [each.path.join('.'), each.extensions.code]);
  assert.deepEqual(told.sort(), [['auditLog', 'FORBIDDEN'], ['entities', 'BAD_USER_INPUT']]);
  assert.ok(error.errors.every((each) => each.extensions.requestId && each.locations.length === 1));
  assert.equal(seen.length, 1);
  assert.equal(seen[0].operation, 'Partial');
  assert.deepEqual(seen[0].error.errors.map((each) => each.extensions.code).sort(), ['BAD_USER_INPUT', 'FORBIDDEN']);
  const rejected = await failure(client.query({ query, fetchPolicy: 'network-only' }));
  assert.ok(CombinedGraphQLErrors.is(rejected), 'the default policy rejects with the same errors');
});

for (const [what, headers, query, variables, status, code] of [
  ['an unknown field', as('engineer'), gql`query Unknown { nothingOfThisName }`, {}, 400, 'GRAPHQL_VALIDATION_FAILED'],
  ['a variable of a wrong type', as('engineer'), BY_REF, { ref: 7 }, 400, 'BAD_USER_INPUT'],
  ['a missing variable', as('engineer'), BY_REF, {}, 400, 'BAD_USER_INPUT'],
  ['no token', {}, BY_REF, { ref: PAYMENTS }, 401, 'UNAUTHENTICATED'],
  ['a forged token', { authorization: 'Bearer nonsense' }, BY_REF, { ref: PAYMENTS }, 401, 'UNAUTHENTICATED'],
]) {
  test(`${what} is errors of GraphQL, not a failure of the network`, async () => {
    const { client, sent, seen } = await connect('engineer', headers);
    const error = await failure(client.query({ query, variables }));
    assert.equal(sent[0].status, status);
    assert.ok(!ServerError.is(error), `${error}`);
    assert.ok(CombinedGraphQLErrors.is(error), `${error}`);
    assert.deepEqual(error.errors.map((each) => each.extensions.code), [code]);
    assert.equal(seen[0].error.errors[0].extensions.code, code);
  });
}

test('the cache knows an object by its id, whichever field led to it', async () => {
  const { client, sent } = await connect();
  const { data } = await client.query({ query: BY_REF, variables: { ref: PAYMENTS } });
  const { id } = data.entity;
  const stored = client.cache.extract();
  assert.equal(stored[`Component:${id}`].ref, PAYMENTS);
  // An interface's fragment matches only by what introspection said of `Entity`.
  const fragment = gql`fragment Named on Entity { ref title }`;
  assert.equal(client.cache.readFragment({ id: `Component:${id}`, fragment }).ref, PAYMENTS);
  const byId = gql`query ById($id: ID!) { node(id: $id) { id ... on Entity { ref description title } ... on Node { id } } }`;
  const again = await client.query({ query: byId, variables: { id } });
  assert.equal(again.data.node.ref, PAYMENTS);
  const keys = Object.keys(client.cache.extract()).filter((key) => key.startsWith('Component:'));
  assert.deepEqual(keys, [`Component:${id}`], 'two ways lead to one object');
  assert.equal(client.cache.extract()[`Component:${id}`].description, again.data.node.description);
  await client.query({ query: BY_REF, variables: { ref: PAYMENTS } });
  assert.equal(sent.length, 2, 'the third answer comes from the cache');
});

for (const useGETForHashedQueries of [false, true]) {
  test(`a hash stands for a query that was sent before, by ${useGETForHashedQueries ? 'GET' : 'POST'}`, async () => {
    const { fetch, sent } = recorder();
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const ask = async () => {
      const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries });
      const http = new HttpLink({ uri: url, headers: as('engineer'), fetch });
      const client = new ApolloClient({ link: ApolloLink.from([persisted, http]), cache: new InMemoryCache() });
      // Of each way its own document: what one taught, the other would find.
      const query = useGETForHashedQueries ? gql`query ByGet { viewer { subject } }` : gql`query ByPost { viewer { subject } }`;
      const { data } = await client.query({ query });
      assert.equal(data.viewer.subject, 'ines.lindqvist');
    };
    const hashed = useGETForHashedQueries ? 'GET' : 'POST';
    await ask();
    assert.deepEqual(sent.map(({ method, status }) => [method, status]), [[hashed, 200], ['POST', 200]]);
    const mentions = ({ body, url: target }) => `${body ?? ''}${decodeURIComponent(target)}`.includes('viewer');
    assert.deepEqual(sent.map(mentions), [false, true], 'the hash alone, then the text with it');
    // Whoever comes next needs no text.
    await ask();
    assert.equal(sent.length, 3);
    assert.equal(mentions(sent[2]), false);
    assert.equal(sent[2].method, hashed);
  });
}
