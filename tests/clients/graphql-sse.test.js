// graphql-sse, a connection for each operation: events, queries, errors, an end on either side, a cut that loses nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NetworkError, createClient } from 'graphql-sse';

import { cable } from './support/cable.js';
import { Inbox, sleep, until } from './support/inbox.js';
import { Estate, REFUSED, REMOVE, WATCH, brief, metric, now, removed } from './support/live.js';
import { as, ask, demo, recorder, url } from './support/weft.js';

/** A client with a role's token; `sent` has its requests. */
function connect(test, options = {}, role = 'engineer') {
  const { fetch, sent } = recorder();
  const client = createClient({ url, headers: as(role), fetchFn: fetch, retry: () => sleep(50), ...options });
  test.after(() => client.dispose());
  return { client, sent };
}

/** Subscribes; what comes is in the inbox, and `stop` ends it. */
function follow(client, payload) {
  const inbox = new Inbox();
  inbox.stop = client.subscribe(payload, inbox);
  return inbox;
}

test('what changes comes as it changes', async (t) => {
  const { client, sent } = connect(t);
  const estate = new Estate(t);
  const events = follow(client, { query: WATCH, variables: { filter: estate.filter, after: await now() } });
  await estate.declare({ a: 'One' });
  const created = await events.event();
  await estate.declare({ a: 'Two' });
  const updated = await events.event();
  const { data } = await ask('query($ref: EntityRef!) { entity(ref: $ref) { id ref title } }', { ref: estate.ref('a') });
  assert.deepEqual([updated.kind, updated.changedFields, updated.entity], ['UPDATED', ['metadata.title'], data.entity]);
  assert.deepEqual([created.kind, created.entity.id], ['CREATED', data.entity.id]);
  await removed(estate.ref('a'));
  const deleted = await events.event();
  assert.deepEqual([deleted.kind, deleted.ref, deleted.entity], ['DELETED', estate.ref('a'), null]);
  assert.equal(events.left, 0);
  assert.deepEqual(sent.map((each) => [each.method, each.status, each.type]), [['POST', 200, 'text/event-stream; charset=utf-8']]);
});

test('a quiet stream is kept alive without a word', { skip: demo.ping_ms ? false : 'this gateway is quiet for too long' }, async (t) => {
  let chunks = 0;
  const counting = async (target, options) => {
    const response = await fetch(target, options);
    const count = new TransformStream({ transform: (chunk, to) => { chunks += 1; to.enqueue(chunk); } });
    return new Response(response.body.pipeThrough(count), response);
  };
  const { client } = connect(t, { fetchFn: counting });
  const estate = new Estate(t);
  const events = follow(client, { query: WATCH, variables: { filter: estate.filter, after: await now() } });
  await until('four signs of life', () => chunks >= 4);
  assert.equal(events.left, 0, 'none of them is an event');
  await estate.declare({ a: 'A' });
  assert.equal((await events.event()).ref, estate.ref('a'));
});

test('a query and a mutation are answered once, and complete', async (t) => {
  const { client, sent } = connect(t, {}, 'admin');
  const estate = new Estate(t);
  await estate.declare({ a: 'A' });
  const list = '{ components(first: 30) { totalCount nodes { ref title } } }';
  const queried = follow(client, { query: list });
  assert.deepEqual(await queried.value(), await ask(list, {}, 'admin'));
  await queried.end();
  const mutated = follow(client, { query: REMOVE, variables: { ref: estate.ref('a') } });
  assert.deepEqual(await mutated.value(), { data: { removeEntity: { entity: { ref: estate.ref('a') }, userErrors: [] } } });
  await mutated.end();
  const { data } = await ask('query($ref: EntityRef!) { entity(ref: $ref) { ref } }', { ref: estate.ref('a') });
  assert.equal(data.entity, null);
  assert.deepEqual(sent.map((each) => each.type), Array(2).fill('text/event-stream; charset=utf-8'));
});

test('what is refused while it is executed is a result with errors, and complete', async (t) => {
  const { client, sent } = connect(t);
  for (const [query, code] of [
    [REFUSED, 'BAD_USER_INPUT'],
    ['{ entities(first: 1000) { totalCount } }', 'BAD_USER_INPUT'],
    [`mutation { removeEntity(input: { ref: "component:default/payments-api" }) { entity { ref } } }`, 'FORBIDDEN'],
  ]) {
    const refused = follow(client, { query });
    const { errors } = await refused.value();
    assert.equal(errors[0].extensions.code, code, query);
    await refused.end();
  }
  assert.equal(sent.length, 3, 'nothing is tried again');
});

for (const [what, headers, query, status, code] of [
  ['without a token', {}, WATCH, 401, 'UNAUTHENTICATED'],
  ['with a token that is none', { authorization: 'Bearer x' }, WATCH, 401, 'UNAUTHENTICATED'],
  ['with an unknown field', as('engineer'), 'subscription { nothing }', 400, 'GRAPHQL_VALIDATION_FAILED'],
]) {
  test(`${what} the client gets ${status}`, async (t) => {
    const { client, sent } = connect(t, { headers, retryAttempts: 0 });
    const error = await follow(client, { query }).failure();
    assert.ok(error instanceof NetworkError, `${error}`);
    assert.equal(error.response.status, status);
    const { errors } = await error.response.json();
    assert.equal(errors[0].extensions.code, code);
    assert.equal(sent.length, 1);
  });
}

test('what a client cancels is over at the gateway', async (t) => {
  const { client } = connect(t);
  const estate = new Estate(t);
  const before = await metric('weft_live_subscriptions');
  const variables = { filter: estate.filter, after: await now() };
  const [stopped, kept] = [follow(client, { query: WATCH, variables }), follow(client, { query: WATCH, variables })];
  await until('both are counted', async () => (await metric('weft_live_subscriptions')) === before + 2);
  stopped.stop();
  await until('one is gone', async () => (await metric('weft_live_subscriptions')) === before + 1);
  await estate.declare({ a: 'A' });
  assert.equal((await kept.event()).ref, estate.ref('a'));
  await stopped.end();
  assert.equal(stopped.left, 0);
  client.dispose();
  await until('none is left', async () => (await metric('weft_live_subscriptions')) === before);
});

test('after a cut it goes on from the last cursor: nothing is lost, nothing comes twice', async (t) => {
  const way = await cable();
  t.after(() => way.close());
  const { client, sent } = connect(t, { url: way.http });
  const estate = new Estate(t);
  const events = new Inbox(await now());
  // The client looks here again for each request.
  const variables = { filter: estate.filter, get after() { return events.cursor; } };
  client.subscribe({ query: WATCH, variables }, events);
  const told = [];
  for (let round = 0; round < 4; round += 1) {
    // Cut before and after the changes are made, and after they are told.
    if (round === 1) way.cut();
    await estate.declare({ a: `${round}`, [`b-${round}`]: 'B' });
    if (round === 2) way.cut();
    for (const event of [await events.event(), await events.event()]) told.push(`${event.kind} ${event.ref}`);
    if (round === 3) way.cut();
  }
  await estate.declare({ end: 'End' });
  assert.equal((await events.event()).ref, estate.ref('end'));
  const expected = [0, 1, 2, 3].flatMap((round) => [
    `${round ? 'UPDATED' : 'CREATED'} ${estate.ref('a')}`, `CREATED ${estate.ref(`b-${round}`)}`,
  ]);
  assert.deepEqual(told.toSorted(), expected.toSorted());
  assert.equal(events.left, 0);
  const cursors = sent.map((each) => JSON.parse(each.body).variables.after);
  assert.equal(new Set(cursors).size, cursors.length, 'each time it asked from another cursor');
  assert.equal(cursors.length, 4);
});

test('at the end of its token a client is told, and goes on with a new one after the last cursor', async (t) => {
  const tokens = [await brief('engineer', 3), as('engineer').authorization];
  const { client } = connect(t, { headers: () => ({ authorization: tokens.shift() }) });
  const estate = new Estate(t);
  const variables = { filter: estate.filter, after: await now() };
  const events = follow(client, { query: WATCH, variables });
  const { errors } = await events.value();
  assert.deepEqual(errors.map((error) => error.extensions.code), ['TOKEN_EXPIRED']);
  await events.end();
  await estate.declare({ a: 'A' });
  assert.equal((await follow(client, { query: WATCH, variables }).event()).ref, estate.ref('a'));
});
