// graphql-ws: every kind of operation on one socket, a cut that loses nothing, codes of closing, signs of life, the end of a token.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { cable } from './support/cable.js';
import { Inbox, sleep, until } from './support/inbox.js';
import { Estate, REFUSED, REMOVE, WATCH, brief, metric, now, socketUrl } from './support/live.js';
import { as, ask, demo } from './support/weft.js';

/** A client with a role's token; `sockets` has one entry for each that it opened, with what ended it. */
function connect(test, options = {}, role = 'engineer') {
  const sockets = [];
  const client = createClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: () => as(role),
    retryWait: () => sleep(50),
    ...options,
    on: {
      ...options.on,
      opened: (socket) => {
        sockets.push({ socket });
        options.on?.opened?.(socket);
      },
      closed: ({ code, reason }) => Object.assign(sockets.at(-1), { code, reason }),
    },
  });
  test.after(() => client.dispose());
  return { client, sockets };
}

/** Subscribes; what comes is in the inbox, and `stop` ends it. */
function follow(client, payload) {
  const inbox = new Inbox();
  inbox.stop = client.subscribe(payload, inbox);
  return inbox;
}

/** The one result of a query or mutation. */
async function once(client, query, variables) {
  const inbox = follow(client, { query, variables });
  const result = await inbox.value();
  await inbox.end();
  return result;
}

test('queries, mutations and subscriptions share a socket', async (t) => {
  const { client, sockets } = connect(t, {}, 'admin');
  const estate = new Estate(t);
  const events = follow(client, { query: WATCH, variables: { filter: estate.filter, after: await now('admin') } });
  const viewer = await once(client, '{ viewer { subject } }');
  assert.deepEqual(viewer, await ask('{ viewer { subject } }', {}, 'admin'));
  await estate.declare({ a: 'One' });
  const created = await events.event();
  const { data } = await ask('query($ref: EntityRef!) { entity(ref: $ref) { id ref title } }', { ref: estate.ref('a') });
  assert.equal(data.entity.title, 'One');
  assert.deepEqual([created.kind, created.changedFields, created.entity], ['CREATED', [], data.entity]);
  await estate.declare({ a: 'Two' });
  const updated = await events.event();
  assert.deepEqual([updated.kind, updated.changedFields, updated.entity.title], ['UPDATED', ['metadata.title'], 'Two']);
  const removal = await once(client, REMOVE, { ref: estate.ref('a') });
  assert.deepEqual(removal, { data: { removeEntity: { entity: { ref: estate.ref('a') }, userErrors: [] } } });
  const deleted = await events.event();
  assert.deepEqual([deleted.kind, deleted.ref, deleted.entity], ['DELETED', estate.ref('a'), null]);
  assert.equal(new Set([created, updated, deleted].map((event) => event.cursor)).size, 3);
  events.stop();
  await events.end();
  assert.deepEqual([events.left, sockets.length], [0, 1]);
  await until('the client said goodbye, and was answered', () => sockets[0].code);
  assert.equal(sockets[0].code, 1000);
});

test('one operation after another, each on a socket of its own, are no attempts that failed', async (t) => {
  const { client, sockets } = connect(t, { retryAttempts: 0 });
  for (let round = 0; round < 5; round += 1) {
    const { data } = await once(client, '{ viewer { subject } }');
    assert.equal(data.viewer.subject, 'ines.lindqvist');
  }
  await until('the last one is closed', () => sockets.at(-1).code);
  assert.deepEqual(new Set(sockets.map((each) => each.code)), new Set([1000]));
});

test('many operations on one socket each get their own answers', async (t) => {
  const { client, sockets } = connect(t);
  const estate = new Estate(t);
  const before = await metric('weft_live_subscriptions');
  const names = Array.from({ length: 40 }, (_, number) => `c-${number}`);
  const after = await now();
  const ref = (name) => [estate.ref(name)];
  const each = names.map((name) => follow(client, { query: WATCH, variables: { filter: { ref: ref(name) }, after } }));
  const asked = names.map((_, number) => once(client, `{ components(first: ${number + 1}) { nodes { ref } } }`));
  const { data } = await ask('{ components(first: 40) { nodes { ref } } }');
  for (const [number, answer] of (await Promise.all(asked)).entries()) {
    assert.deepEqual(answer.data.components.nodes, data.components.nodes.slice(0, number + 1));
  }
  await estate.declare(Object.fromEntries(names.map((name) => [name, name])));
  for (const [number, events] of each.entries()) {
    const event = await events.event();
    assert.deepEqual([event.kind, event.ref, event.entity.title], ['CREATED', estate.ref(names[number]), names[number]]);
  }
  assert.equal(await metric('weft_live_subscriptions'), before + names.length);
  // One ends, the rest goes on.
  each[0].stop();
  await estate.declare({ 'c-0': 'again', 'c-1': 'again' });
  assert.equal((await each[1].event()).entity.title, 'again');
  for (const events of each.slice(1)) events.stop();
  await until('no subscription is left', async () => (await metric('weft_live_subscriptions')) === before);
  assert.deepEqual(each.map((events) => events.left), names.map(() => 1), 'of each nothing but its end is left');
  assert.equal(sockets.length, 1);
});

test('after a cut it goes on from the last cursor: nothing is lost, nothing comes twice', async (t) => {
  const way = await cable();
  t.after(() => way.close());
  const { client, sockets } = connect(t, { url: way.ws });
  const estate = new Estate(t);
  const events = new Inbox(await now());
  // The client looks here again for each socket.
  const variables = { filter: estate.filter, get after() { return events.cursor; } };
  client.subscribe({ query: WATCH, variables }, events);
  const told = [];
  for (let round = 0; round < 4; round += 1) {
    // Cut before, between and after the changes.
    if (round === 1) way.cut();
    await estate.declare({ a: `${round}`, [`b-${round}`]: 'B' });
    if (round === 2) way.cut();
    for (let number = 0; number < 2; number += 1) {
      const event = await events.event();
      told.push(`${event.kind} ${event.ref}`);
    }
    if (round === 3) way.cut();
  }
  await estate.declare({ end: 'End' });
  assert.equal((await events.event()).ref, estate.ref('end'));
  const expected = [0, 1, 2, 3].flatMap((round) => [
    `${round ? 'UPDATED' : 'CREATED'} ${estate.ref('a')}`, `CREATED ${estate.ref(`b-${round}`)}`,
  ]);
  assert.deepEqual(told.toSorted(), expected.toSorted());
  assert.equal(events.left, 0);
  assert.equal(sockets.length, 4, 'each cut made a new socket');
  assert.deepEqual(sockets.map((each) => each.code), [1006, 1006, 1006, undefined]);
});

const init = JSON.stringify({ type: 'connection_init', payload: as('engineer') });
const subscribe = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ viewer { subject } }' } });
for (const [what, options, code, reason, attempts] of [
  ['an operation before it is let in', { on: { opened: (socket) => socket.send(subscribe) } }, 4401, 'Unauthorized', 1],
  ['a token that is none', { connectionParams: { authorization: 'Bearer x' }, retryAttempts: 2 }, 4403, 'Forbidden', 3],
  ['no token', { connectionParams: undefined, retryAttempts: 0 }, 4403, 'Forbidden', 1],
  ['a second greeting', { on: { connected: (socket) => socket.send(init) } }, 4429, 'Too many initialisation requests', 1],
  ['one id for two operations', { generateID: () => '1' }, 4409, 'Subscriber already exists', 1],
  ['words of no protocol', { on: { connected: (socket) => socket.send('hello') } }, 4400, 'Not a message: JSON with a `type` was expected', 1],
]) {
  test(`${what} ends the socket with ${code}`, async (t) => {
    const { client, sockets } = connect(t, options);
    const events = [0, 1].map(() => follow(client, { query: WATCH }));
    for (const each of events) {
      const closed = await each.failure();
      assert.deepEqual([closed.code, closed.reason], [code, reason]);
    }
    // The client gives up at once where the code says that trying again is in vain.
    assert.deepEqual(sockets.map((each) => each.code), Array(attempts).fill(code));
  });
}

const skip = demo.ping_ms ? false : 'this gateway asks too seldom for signs of life';
test('both sides ask whether the other lives, and answer', { skip }, async (t) => {
  const seen = { ping: 0, pong: 0 };
  const count = (kind) => (received) => { seen[kind] += received ? 1 : 0; };
  const { client, sockets } = connect(t, { keepAlive: 300, on: { ping: count('ping'), pong: count('pong') } });
  const estate = new Estate(t);
  const events = follow(client, { query: WATCH, variables: { filter: estate.filter, after: await now() } });
  // Whoever does not answer is gone after two questions.
  await until('four questions of the gateway', () => seen.ping >= 4);
  assert.ok(seen.pong >= 4, `${seen.pong} answers of the gateway`);
  await estate.declare({ a: 'A' });
  assert.equal((await events.event()).ref, estate.ref('a'));
  assert.deepEqual(sockets.map((each) => each.code), [undefined]);
});

test('a client that does not answer is not kept', { skip }, async (t) => {
  const { client, sockets } = connect(t, { disablePong: true, retryAttempts: 0 });
  const closed = await follow(client, { query: WATCH }).failure();
  assert.deepEqual([closed.code, closed.reason], [4408, 'No pong came']);
  assert.equal(sockets.length, 1);
});

test('what is wrong with one operation is its own', async (t) => {
  const { client, sockets } = connect(t);
  const estate = new Estate(t);
  const events = follow(client, { query: WATCH, variables: { filter: estate.filter, after: await now() } });
  for (const [payload, code] of [
    [{ query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
    [{ query: '{ viewer {' }, 'GRAPHQL_PARSE_FAILED'],
    [{ query: REFUSED }, 'BAD_USER_INPUT'],
    [{ query: WATCH, variables: { after: 'x' } }, 'BAD_USER_INPUT'],
  ]) {
    const errors = await follow(client, payload).failure();
    assert.equal(errors[0].extensions.code, code, payload.query);
  }
  const refused = await once(client, REMOVE, { ref: 'component:default/payments-api' });
  assert.deepEqual([refused.data, refused.errors[0].extensions.code], [{ removeEntity: null }, 'FORBIDDEN']);
  const partial = await once(client, '{ viewer { tenant } entities(first: 1000) { totalCount } }');
  assert.deepEqual(partial.data, { viewer: { tenant: 'default' }, entities: null });
  assert.deepEqual(partial.errors.map((error) => [error.path, error.extensions.code]), [[['entities'], 'BAD_USER_INPUT']]);
  await estate.declare({ a: 'A' });
  assert.equal((await events.event()).ref, estate.ref('a'));
  assert.equal(sockets.length, 1);
});

test('at the end of its token a client is told, and goes on with a new one after the last cursor', async (t) => {
  const tokens = [await brief('engineer', 3), as('engineer').authorization];
  const { client, sockets } = connect(t, { connectionParams: () => ({ authorization: tokens.shift() }) });
  const estate = new Estate(t);
  const variables = { filter: estate.filter, after: await now() };
  const events = follow(client, { query: WATCH, variables });
  const errors = await events.failure();
  assert.deepEqual(errors.map((error) => error.extensions.code), ['TOKEN_EXPIRED']);
  await until('the socket is closed', () => sockets[0].code);
  assert.deepEqual([sockets[0].code, sockets[0].reason], [4403, 'Token expired']);
  await estate.declare({ a: 'A' });
  const again = follow(client, { query: WATCH, variables });
  assert.equal((await again.event()).ref, estate.ref('a'));
  assert.equal(sockets.length, 2);
});

test('a token that is renewed in time does not end anything', async (t) => {
  const token = await brief('engineer', 3);
  const end = Date.now() + 4_000;
  const renew = (socket) => socket.send(JSON.stringify({ type: 'ping', payload: as('engineer') }));
  const { client, sockets } = connect(t, { connectionParams: { authorization: token }, on: { connected: renew } });
  const estate = new Estate(t);
  const events = follow(client, { query: WATCH, variables: { filter: estate.filter, after: await now() } });
  await sleep(end - Date.now());
  await estate.declare({ a: 'A' });
  assert.equal((await events.event()).ref, estate.ref('a'));
  assert.deepEqual(sockets.map((each) => each.code), [undefined]);
});
