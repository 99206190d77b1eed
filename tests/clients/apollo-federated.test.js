// Apollo Client 4 over a graph that a team is part of: one query, one cache, one error policy for own types and the team's.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { gql } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { filter, firstValueFrom } from 'rxjs';

import { connect, failure } from './support/apollo.js';
import { within } from './support/inbox.js';
import { broken, incidentsOf, skip } from './support/subgraph.js';
import { ask } from './support/weft.js';

const PAYOUTS = 'component:default/payouts-api';
const OWNER = ['group:default/payments'];

const PAGE = gql`
  query Page($owner: [EntityRef!], $first: Int!, $after: String) {
    components(filter: { owner: $owner }, orderBy: { field: NAME }, first: $first, after: $after) {
      totalCount
      edges {
        cursor
        node { id ref name owner { ... on Team { id name } } incidents { id title severity } }
      }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`;
const ONE = gql`query One($ref: EntityRef!) { component(ref: $ref) { id ref incidents { id title severity } } }`;

/** What Weft says of these components by itself, in the same order. */
async function own(first) {
  const query = `query ($owner: [EntityRef!], $first: Int!) {
    components(filter: { owner: $owner }, orderBy: { field: NAME }, first: $first) {
      totalCount nodes { id ref name owner { ... on Team { id name } } }
    }
  }`;
  const { data, errors } = await ask(query, { owner: OWNER, first });
  assert.equal(errors, undefined);
  return data.components;
}

/** An answer without the words that the client adds. */
const plain = (value) => JSON.parse(JSON.stringify(value, (key, inner) => (key === '__typename' ? undefined : inner)));

const nodes = (components) => plain(components.edges.map((edge) => edge.node));

/** Own fields of each, as Weft tells them, with incidents as the team tells them. */
async function together(components) {
  const theirs = await incidentsOf(components.map(({ ref }) => ref));
  return components.map((component) => ({ ...component, incidents: theirs[component.ref] }));
}

test('one query reaches own types and the team’s', { skip }, async () => {
  const { client, sent, seen } = await connect();
  const { data, error } = await client.query({ query: PAGE, variables: { owner: OWNER, first: 20 } });
  assert.equal(error, undefined);
  const expected = await together((await own(20)).nodes);
  assert.equal(expected.length, 20);
  assert.deepEqual(new Set(expected.map(({ incidents }) => incidents.length)), new Set([0, 1, 2]), 'the estate has all of them');
  assert.deepEqual(nodes(data.components), expected);
  assert.ok(data.components.edges.every(({ node }) => node.owner.__typename === 'Team'));
  assert.deepEqual([sent.length, seen.length], [1, 0]);
});

test('the cache knows components and incidents by their ids, whichever side led to them', { skip }, async () => {
  const { client, sent } = await connect();
  const { data } = await client.query({ query: ONE, variables: { ref: PAYOUTS } });
  const [{ id, incidents }, theirs] = [data.component, (await incidentsOf([PAYOUTS]))[PAYOUTS]];
  assert.equal(theirs.length, 2);
  assert.deepEqual(plain(incidents), theirs);
  const stored = client.cache.extract();
  const keys = theirs.map((incident) => `Incident:${incident.id}`);
  assert.deepEqual(stored[`Component:${id}`].incidents, keys.map((key) => ({ __ref: key })));
  assert.equal(stored[keys[1]].title, theirs[1].title);
  // From a root of the team's to the same objects, and to an own field that was not asked for before.
  const query = gql`query Back($id: ID!) { incident(id: $id) { id component { id name owner { ... on Team { id name } } } } }`;
  const back = await client.query({ query, variables: { id: theirs[0].id } });
  assert.equal(back.data.incident.component.name, 'payouts-api');
  const after = client.cache.extract();
  assert.deepEqual(Object.keys(after).filter((key) => key.startsWith('Component:')), [`Component:${id}`]);
  assert.deepEqual(Object.keys(after).filter((key) => key.startsWith('Incident:')).sort(), keys);
  assert.deepEqual(after[keys[0]].component, { __ref: `Component:${id}` });
  // What no answer had whole, the cache has: own fields of the second, and the team's of the first.
  const fragment = gql`fragment Both on Entity { name ... on Component { ref owner { ... on Team { name } } incidents { title } } }`;
  assert.deepEqual(plain(client.cache.readFragment({ id: `Component:${id}`, fragment })), {
    name: 'payouts-api',
    ref: PAYOUTS,
    owner: { name: back.data.incident.component.owner.name },
    incidents: theirs.map(({ title }) => ({ title })),
  });
  await client.query({ query: ONE, variables: { ref: PAYOUTS } });
  assert.equal(sent.length, 2, 'the third answer comes from the cache');
});

test('fetchMore with relayStylePagination over pages of both', { skip }, async () => {
  const { client, sent } = await connect();
  const variables = { owner: OWNER, first: 25 };
  const watched = client.watchQuery({ query: PAGE, variables });
  const merged = () => client.readQuery({ query: PAGE, variables }).components;
  await firstValueFrom(watched.pipe(filter(({ loading }) => !loading)));
  const subscription = watched.subscribe();
  let rounds = 1;
  while (merged().pageInfo.hasNextPage) {
    assert.equal(merged().edges.length, 25 * rounds, 'each page is full but the last');
    await watched.fetchMore({ variables: { after: merged().pageInfo.endCursor } });
    rounds += 1;
    assert.ok(rounds < 20, 'the pages come to an end');
  }
  subscription.unsubscribe();
  assert.equal(sent.length, rounds);
  assert.ok(rounds > 2, `${rounds} pages are too few to show paging`);
  const whole = await own(100);
  assert.equal(merged().edges.length, whole.totalCount);
  assert.deepEqual(nodes(merged()), await together(whole.nodes), 'the merged pages are the whole list, in its order');
});

test('a subgraph that fails costs its own fields, each with its code and source', { skip }, async (t) => {
  const { client, sent, seen } = await connect();
  const variables = { owner: OWNER, first: 5 };
  const expected = await own(5);
  const both = await together(expected.nodes);
  const mend = await broken(t);
  const { data, error } = await client.query({ query: PAGE, variables, errorPolicy: 'all' });
  assert.deepEqual(nodes(data.components), expected.nodes.map((node) => ({ ...node, incidents: null })));
  assert.equal(data.components.totalCount, expected.totalCount);
  assert.equal(sent[0].status, 200);
  assert.ok(CombinedGraphQLErrors.is(error), `${error}`);
  const told = error.errors.map(({ path, extensions }) => [path.join('.'), extensions.code, extensions.source]);
  const places = expected.nodes.map((_, number) => `components.edges.${number}.node.incidents`);
  assert.deepEqual(told, places.map((place) => [place, 'UPSTREAM_UNAVAILABLE', 'incidents']));
  assert.deepEqual(seen.map(({ operation }) => operation), ['Page']);
  assert.deepEqual(seen[0].error.errors.map(({ extensions }) => extensions.source), places.map(() => 'incidents'));
  const rejected = await failure(client.query({ query: PAGE, variables, fetchPolicy: 'network-only' }));
  assert.ok(CombinedGraphQLErrors.is(rejected), 'the default policy rejects with the same errors');
  assert.equal(rejected.errors.length, 5);
  // Own fields alone are as ever.
  const alone = await client.query({ query: gql`query Own($ref: EntityRef!) { component(ref: $ref) { id name } }`, variables: { ref: PAYOUTS } });
  assert.equal(alone.data.component.name, 'payouts-api');
  await mend();
  const again = await client.query({ query: PAGE, variables, errorPolicy: 'all', fetchPolicy: 'network-only' });
  assert.equal(again.error, undefined);
  assert.deepEqual(nodes(again.data.components), both);
  assert.deepEqual(nodes(client.readQuery({ query: PAGE, variables }).components), both, 'the cache keeps no null of a failure');
});

test('a mutation of the team’s changes what a query shows', { skip }, async (t) => {
  const { client, sent } = await connect();
  const RESOLVE = gql`mutation Resolve($id: ID!) { resolveIncident(id: $id) { id severity component { id name } } }`;
  const variables = { ref: PAYOUTS };
  const watched = client.watchQuery({ query: ONE, variables });
  const severities = ({ data }) => data?.component?.incidents?.map(({ severity }) => severity).join();
  const shows = (wanted) => within(firstValueFrom(watched.pipe(filter((result) => severities(result) === wanted))), wanted);
  const subscription = watched.subscribe();
  t.after(() => subscription.unsubscribe());
  await shows('HIGH,LOW');
  const [{ id }] = client.readQuery({ query: ONE, variables }).component.incidents;

  const mend = await broken(t);
  const failed = await client.mutate({ mutation: RESOLVE, variables: { id }, errorPolicy: 'all' });
  assert.equal(failed.data.resolveIncident, null);
  const told = failed.error.errors.map(({ path, extensions }) => [path, extensions.code, extensions.source]);
  assert.deepEqual(told, [[['resolveIncident'], 'UPSTREAM_UNAVAILABLE', 'incidents']]);
  await mend();
  assert.equal((await incidentsOf([PAYOUTS]))[PAYOUTS][0].severity, 'HIGH', 'nothing has changed');

  const { data, error } = await client.mutate({ mutation: RESOLVE, variables: { id } });
  assert.equal(error, undefined);
  assert.equal(data.resolveIncident.component.name, 'payouts-api');
  await shows('LOW,LOW');
  assert.equal(sent.length, 3, 'what is shown comes by the cache, not by another request');
  assert.equal((await incidentsOf([PAYOUTS]))[PAYOUTS][0].severity, 'LOW');
});
