// Apollo Client 4 with subscriptions: over a socket (GraphQLWsLink) and as multipart by its HTTP link; the same events, errors where it tells them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { CombinedGraphQLErrors, CombinedProtocolErrors } from '@apollo/client/errors';
import { ErrorLink } from '@apollo/client/link/error';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { Inbox, until } from './support/inbox.js';
import { Estate, REFUSED, WATCH, brief, metric, now, removed, socketUrl } from './support/live.js';
import { as, ask, recorder, url } from './support/weft.js';

// The link looks at the global one, which Node has from version 22 on.
globalThis.WebSocket ??= WebSocket;

/** A client over this transport; `sent` has its requests by HTTP, `seen` what its error link saw. */
function connect(test, transport, headers = as('engineer')) {
  const { fetch, sent } = recorder();
  const seen = [];
  const sockets = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: headers, retryAttempts: 0 });
  const http = new HttpLink({ uri: url, headers, fetch });
  // As Apollo's guide splits them; without the socket all goes over HTTP.
  const link = ApolloLink.split(
    ({ operationType }) => transport === 'socket' && operationType === 'subscription',
    new GraphQLWsLink(sockets),
    http,
  );
  const errors = new ErrorLink(({ error }) => { seen.push(error); });
  const client = new ApolloClient({ link: ApolloLink.from([errors, link]), cache: new InMemoryCache() });
  test.after(() => {
    client.stop();
    return sockets.dispose();
  });
  return { client, sent, seen };
}

/** Subscribes; what comes is in the inbox, and `stop` ends it. */
function follow(test, client, query, variables) {
  const inbox = new Inbox();
  const subscription = client.subscribe({ query: gql(query), variables }).subscribe(inbox);
  inbox.stop = () => subscription.unsubscribe();
  test.after(inbox.stop);
  return inbox;
}

/** An event without what depends on its way: the words that the cache adds. */
const plain = (event) => JSON.parse(JSON.stringify(event));

test('over a socket and as multipart the same events come', async (t) => {
  const [socket, multipart] = [connect(t, 'socket'), connect(t, 'multipart')];
  const estate = new Estate(t);
  const before = await metric('weft_live_subscriptions');
  const variables = { filter: estate.filter, after: await now() };
  const inboxes = [socket, multipart].map(({ client }) => follow(t, client, WATCH, variables));
  await estate.declare({ a: 'One' });
  await estate.declare({ a: 'Two', b: 'B' });
  await removed(estate.ref('b'));
  const told = [];
  for (const events of inboxes) {
    told.push([]);
    for (let number = 0; number < 4; number += 1) told.at(-1).push(plain(await events.event()));
    assert.equal(events.left, 0);
  }
  assert.deepEqual(told[0].map((event) => event.cursor), told[1].map((event) => event.cursor));
  assert.deepEqual(told[0].map((event) => [event.kind, event.ref]), told[1].map((event) => [event.kind, event.ref]));
  const kinds = (name) => told[0].filter((event) => event.ref === estate.ref(name)).map((event) => event.kind);
  assert.deepEqual([kinds('a'), kinds('b')], [['CREATED', 'UPDATED'], ['CREATED', 'DELETED']]);
  const { data } = await ask('query($ref: EntityRef!) { entity(ref: $ref) { __typename id ref title } }', { ref: estate.ref('a') });
  const updated = told.map((events) => events.find((event) => event.kind === 'UPDATED'));
  assert.deepEqual(updated.map((event) => event.entity), [data.entity, data.entity]);
  assert.equal(socket.sent.length, 0);
  assert.match(multipart.sent[0].headers.get('accept'), /^multipart\/mixed;boundary=graphql;subscriptionSpec=1\.0/);
  assert.equal(multipart.sent[0].type, 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0');
  for (const events of inboxes) events.stop();
  await until('no subscription is left', async () => (await metric('weft_live_subscriptions')) === before);
});

for (const transport of ['socket', 'multipart']) {
  test(`${transport}: an event renews what a query shows`, async (t) => {
    const { client } = connect(t, transport);
    const estate = new Estate(t);
    await estate.declare({ a: 'Before' });
    const query = gql`query Title($ref: EntityRef!) { entity(ref: $ref) { id title } }`;
    const shown = [];
    const watched = client.watchQuery({ query, variables: { ref: estate.ref('a') } });
    const watching = watched.subscribe(({ data }) => shown.push(data?.entity?.title));
    await until('the query is answered', () => shown.at(-1) === 'Before');
    const events = follow(t, client, WATCH, { filter: estate.filter, after: await now() });
    await estate.declare({ a: 'After' });
    assert.equal((await events.event()).kind, 'UPDATED');
    await until('the query shows it', () => shown.at(-1) === 'After');
    watching.unsubscribe();
    events.stop();
  });

  test(`${transport}: a subscription that is refused reaches the error handlers`, async (t) => {
    const { client, seen } = connect(t, transport);
    const refused = follow(t, client, REFUSED);
    const { error } = await refused.value();
    await refused.end();
    for (const each of [error, ...seen]) {
      assert.ok(CombinedGraphQLErrors.is(each), `${each}`);
      assert.equal(each.errors[0].extensions.code, 'BAD_USER_INPUT');
    }
    assert.equal(seen.length, 1);
  });

  test(`${transport}: the end of the token reaches the error handlers`, async (t) => {
    const { client, seen } = connect(t, transport, { authorization: await brief('engineer', 3) });
    const events = follow(t, client, WATCH);
    const { error } = await events.value();
    await events.end();
    const kind = transport === 'socket' ? CombinedGraphQLErrors : CombinedProtocolErrors;
    for (const each of [error, ...seen]) {
      assert.ok(kind.is(each), `${each}`);
      assert.equal(each.errors[0].extensions.code, 'TOKEN_EXPIRED');
    }
    assert.equal(seen.length, 1);
  });

  test(`${transport}: without a token there is an error, and no data`, async (t) => {
    const { client, seen } = connect(t, transport, {});
    const refused = follow(t, client, WATCH);
    const { data, error } = await refused.value();
    assert.equal(data, undefined);
    assert.equal(seen.length, 1);
    if (transport === 'socket') {
      assert.match(error.message, /Socket closed with event 4403/);
    } else {
      assert.equal(error.errors[0].extensions.code, 'UNAUTHENTICATED');
    }
    await refused.end();
  });
}
