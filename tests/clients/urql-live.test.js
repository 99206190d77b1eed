// urql with subscriptions: forwarded to graphql-ws and to graphql-sse, and by its own fetch; the same events, results and errors.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client, CombinedError, cacheExchange, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';

import { Inbox, until } from './support/inbox.js';
import { Estate, REFUSED, WATCH, metric, now, removed, socketUrl } from './support/live.js';
import { as, recorder, url } from './support/weft.js';

/** The exchange that hands subscriptions to a client of either library, as the guides of both write it. */
const forwarded = (client) =>
  subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: client.subscribe({ ...request, query: request.query ?? '' }, sink) }),
    }),
  });

const transports = {
  'graphql-ws': (test, headers) => {
    const sockets = createWsClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: headers, retryAttempts: 0 });
    test.after(() => sockets.dispose());
    return { exchange: forwarded(sockets) };
  },
  'graphql-sse': (test, headers) => {
    const streams = createSseClient({ url, headers, retryAttempts: 0 });
    test.after(() => streams.dispose());
    return { exchange: forwarded(streams) };
  },
  'its own fetch': () => ({ fetchSubscriptions: true }),
};

/** A client over this transport; `sent` has what it sent by its own fetch. */
function connect(test, transport, headers = as('engineer')) {
  const { fetch, sent } = recorder();
  const { exchange, fetchSubscriptions } = transports[transport](test, headers);
  const exchanges = [cacheExchange, fetchExchange, exchange].filter(Boolean);
  const client = new Client({ url, exchanges, fetch, fetchOptions: { headers }, fetchSubscriptions });
  return { client, sent };
}

/** Subscribes; what comes is in the inbox, and `stop` ends it. */
function follow(test, client, query, variables = {}) {
  const inbox = new Inbox();
  inbox.stop = client.subscription(gql(query), variables).subscribe(inbox.next).unsubscribe;
  test.after(inbox.stop);
  return inbox;
}

const of = (event) => [event.cursor, event.kind, event.changedFields, event.ref, event.entity?.title];

test('over each transport the same events come, and end when nobody wants them', async (t) => {
  const estate = new Estate(t);
  const before = await metric('weft_live_subscriptions');
  const variables = { filter: estate.filter, after: await now() };
  const clients = Object.keys(transports).map((transport) => connect(t, transport));
  const inboxes = clients.map(({ client }) => follow(t, client, WATCH, variables));
  await until('all are counted', async () => (await metric('weft_live_subscriptions')) === before + 3);
  const told = inboxes.map(() => []);
  const take = async () => {
    for (const [number, events] of inboxes.entries()) told[number].push(of(await events.event()));
  };
  await estate.declare({ a: 'One' });
  await take();
  await estate.declare({ a: 'Two' });
  await take();
  await removed(estate.ref('a'));
  await take();
  const kinds = [['CREATED', [], 'One'], ['UPDATED', ['metadata.title'], 'Two'], ['DELETED', [], undefined]];
  for (const events of told) {
    assert.deepEqual(events, told[0]);
    assert.deepEqual(events.map(([, kind, fields, , title]) => [kind, fields, title]), kinds);
    assert.deepEqual(events.map(([, , , ref]) => ref), Array(3).fill(estate.ref('a')));
  }
  assert.deepEqual(clients.map(({ sent }) => sent.length), [0, 0, 1]);
  const [{ method, headers, type }] = clients[2].sent;
  assert.deepEqual([method, headers.get('accept'), type], ['POST', 'text/event-stream, multipart/mixed', 'text/event-stream; charset=utf-8']);
  for (const events of inboxes) events.stop();
  await until('none is left', async () => (await metric('weft_live_subscriptions')) === before);
  assert.deepEqual(inboxes.map((events) => events.left), [0, 0, 0]);
});

for (const transport of Object.keys(transports)) {
  test(`${transport}: what is refused is an error with its code`, async (t) => {
    const { client } = connect(t, transport);
    for (const [query, variables, code] of [
      [REFUSED, {}, 'BAD_USER_INPUT'],
      [WATCH, { after: 'x' }, 'BAD_USER_INPUT'],
      ['subscription { nothing }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ]) {
      const { data, error } = await follow(t, client, query, variables).value();
      assert.ok(error instanceof CombinedError, query);
      assert.equal(data?.entityChanged ?? null, null);
      // What graphql-sse refuses before it reads a stream has only its status.
      if (transport === 'graphql-sse' && error.networkError) {
        assert.equal(error.networkError.response.status, 400);
      } else {
        assert.equal(error.graphQLErrors[0].extensions.code, code, query);
      }
    }
  });

  test(`${transport}: beside a subscription queries are answered, and see what it told of`, async (t) => {
    const { client } = connect(t, transport);
    const estate = new Estate(t);
    const events = follow(t, client, WATCH, { filter: estate.filter, after: await now() });
    for (const title of ['One', 'Two']) {
      await estate.declare({ a: title });
      const event = await events.event();
      assert.equal(event.entity.title, title);
      const query = gql`query Title($ref: EntityRef!) { entity(ref: $ref) { id title } }`;
      const { data, error } = await client.query(query, { ref: event.ref }, { requestPolicy: 'network-only' });
      assert.equal(error, undefined);
      assert.deepEqual({ id: data.entity.id, title: data.entity.title }, { id: event.entity.id, title });
    }
    events.stop();
  });
}
