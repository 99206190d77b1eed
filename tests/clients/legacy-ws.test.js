// subscriptions-transport-ws, the client of the older protocol, in its last version: what it did, it still does here.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SubscriptionClient } from 'subscriptions-transport-ws';
import WebSocket from 'ws';

import { cable } from './support/cable.js';
import { Inbox, until, within } from './support/inbox.js';
import { Estate, REFUSED, REMOVE, WATCH, brief, metric, now, socketUrl } from './support/live.js';
import { as, ask, demo } from './support/weft.js';

/** A client with a role's token; `seen` counts what happened to its socket. */
function connect(test, options = {}, role = 'engineer', url = socketUrl) {
  const seen = { connected: 0, reconnected: 0, disconnected: 0 };
  const client = new SubscriptionClient(url, { connectionParams: as(role), reconnect: true, ...options }, WebSocket);
  for (const event of Object.keys(seen)) client.on(event, () => { seen[event] += 1; });
  client.on('error', () => {});
  test.after(() => client.close());
  return { client, seen };
}

/** Subscribes; what comes is in the inbox, and `stop` ends it. */
function follow(client, query, variables, inbox = new Inbox()) {
  inbox.stop = client.request({ query, variables }).subscribe(inbox).unsubscribe;
  return inbox;
}

test('queries, mutations and subscriptions share a socket', async (t) => {
  const { client, seen } = connect(t, {}, 'admin');
  const estate = new Estate(t);
  const before = await metric('weft_live_subscriptions');
  const events = follow(client, WATCH, { filter: estate.filter, after: await now('admin') });
  const list = '{ components(first: 30) { totalCount nodes { ref title } } }';
  const queried = follow(client, list);
  assert.deepEqual(await queried.value(), await ask(list, {}, 'admin'));
  await queried.end();
  await estate.declare({ a: 'One' });
  const created = await events.event();
  assert.deepEqual([created.kind, created.ref, created.entity.title], ['CREATED', estate.ref('a'), 'One']);
  const mutated = follow(client, REMOVE, { ref: estate.ref('a') });
  assert.deepEqual((await mutated.value()).data.removeEntity.entity, { ref: estate.ref('a') });
  await mutated.end();
  assert.equal((await events.event()).kind, 'DELETED');
  events.stop();
  await until('it is over at the gateway', async () => (await metric('weft_live_subscriptions')) === before);
  assert.deepEqual([events.left, seen], [0, { connected: 1, reconnected: 0, disconnected: 0 }]);
});

test('what is wrong with one operation is its own', async (t) => {
  const { client, seen } = connect(t);
  const estate = new Estate(t);
  const events = follow(client, WATCH, { filter: estate.filter, after: await now() });
  for (const [query, code] of [['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'], [REFUSED, 'BAD_USER_INPUT']]) {
    const error = await follow(client, query).failure();
    assert.equal(error.extensions.code, code);
  }
  await estate.declare({ a: 'A' });
  assert.equal((await events.event()).ref, estate.ref('a'));
  assert.equal(seen.disconnected, 0);
});

test('after a cut it goes on from the last cursor: nothing is lost, nothing comes twice', async (t) => {
  const way = await cable();
  t.after(() => way.close());
  const { client, seen } = connect(t, {}, 'engineer', way.ws);
  const estate = new Estate(t);
  const events = new Inbox(await now());
  // The client looks here again for each socket.
  follow(client, WATCH, { filter: estate.filter, get after() { return events.cursor; } }, events);
  const told = [];
  for (let round = 0; round < 3; round += 1) {
    await estate.declare({ a: `${round}`, [`b-${round}`]: 'B' });
    for (const event of [await events.event(), await events.event()]) told.push(`${event.kind} ${event.ref}`);
    way.cut();
  }
  await estate.declare({ end: 'End' });
  assert.equal((await events.event()).ref, estate.ref('end'));
  const expected = [0, 1, 2].flatMap((round) => [
    `${round ? 'UPDATED' : 'CREATED'} ${estate.ref('a')}`, `CREATED ${estate.ref(`b-${round}`)}`,
  ]);
  assert.deepEqual(told.toSorted(), expected.toSorted());
  assert.deepEqual([events.left, seen.reconnected], [0, 3]);
});

test('a token that is none is told to be', async (t) => {
  let told;
  const refused = new Promise((resolve) => { told = resolve; });
  connect(t, { connectionParams: { authorization: 'Bearer x' }, reconnect: false, connectionCallback: told });
  assert.deepEqual(await within(refused, 'a refusal'), { message: 'Forbidden' });
});

test('at the end of its token an operation is told', async (t) => {
  const { client } = connect(t, { connectionParams: { authorization: await brief('engineer', 3) }, reconnect: false });
  const error = await follow(client, WATCH).failure();
  assert.equal(error.extensions.code, 'TOKEN_EXPIRED');
});

const skip = demo.ping_ms ? false : 'this gateway shows too seldom that it lives';
test('the gateway shows that it lives, more often than the client waits', { skip }, async (t) => {
  const { client, seen } = connect(t, { timeout: 2 * demo.ping_ms });
  const estate = new Estate(t);
  let signs = 0;
  const receive = client.processReceivedData.bind(client);
  client.processReceivedData = (data) => {
    signs += JSON.parse(data).type === 'ka' ? 1 : 0;
    receive(data);
  };
  const events = follow(client, WATCH, { filter: estate.filter, after: await now() });
  // More than the two that may stay unanswered: the socket's own pings were answered.
  await until('five signs of life', () => signs >= 5);
  await estate.declare({ a: 'A' });
  assert.equal((await events.event()).ref, estate.ref('a'));
  assert.equal(seen.disconnected, 0);
});
