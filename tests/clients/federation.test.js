// Federation: Weft's subgraph schema is composed with another team's, and operations over both are run against the gateway.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import { composeServices } from '@theguild/federation-composition';
import { graphql, parse, print } from 'graphql';

import { incidents, incidentsSdl } from './support/incidents.js';
import { ask, url } from './support/weft.js';

const binary = process.env.WEFT_CLIENTS_BINARY ?? new URL('../../target/debug/weft', import.meta.url).pathname;

/** The schema that `weft sdl --federation` prints, or why there is none. */
function subgraph() {
  if (!existsSync(binary)) return { skip: `there is no ${binary}: build it, or name one in WEFT_CLIENTS_BINARY` };
  try {
    return { skip: false, sdl: execFileSync(binary, ['sdl', '--federation'], { encoding: 'utf8', stdio: 'pipe' }) };
  } catch (failed) {
    if (!/usage:.*sdl/i.test(failed.stderr)) throw failed;
    return { skip: 'this `weft` does not know `sdl --federation`' };
  }
}

const { sdl, skip } = subgraph();

const compose = (other) =>
  composeServices([
    { name: 'weft', url, typeDefs: parse(sdl) },
    { name: 'incidents', url: 'http://incidents.example.com/graphql', typeDefs: parse(other) },
  ]);

/** The references of the incidents' components, and their keys. */
async function keysOf(key) {
  const refs = ['component:default/cards-api', 'component:default/payments-api'];
  const { data } = await ask('query ($refs: [EntityRef!]) { components(filter: { ref: $refs }) { nodes { id ref } } }', { refs });
  assert.equal(data.components.nodes.length, 2);
  const gone = { id: Buffer.from('Component:00000000-0000-7000-8000-000000000000').toString('base64url'), ref: 'component:default/long-gone' };
  return Object.fromEntries([...data.components.nodes, gone].map((node) => [node.ref, node[key]]));
}

/** A supergraph that runs; `sent` has what was asked of Weft. */
async function supergraph(key) {
  const { supergraphSdl } = compose(incidentsSdl(key));
  const sent = [];
  const weft = async ({ document, variables }) => {
    sent.push({ query: print(document), variables });
    return ask(print(document), variables);
  };
  const other = incidents(key, await keysOf(key));
  const schema = getStitchedSchemaFromSupergraphSdl({
    supergraphSdl,
    onSubschemaConfig: (config) => {
      config.executor = config.name.toLowerCase() === 'weft' ? weft : other;
    },
  });
  return { sent, run: (source) => graphql({ schema, source }) };
}

test('the gateway serves the subgraph schema that the command prints', { skip }, async () => {
  const { data, errors } = await ask('{ _service { sdl } }');
  assert.equal(errors, undefined);
  assert.equal(data._service.sdl.trim(), sdl.trim());
});

for (const key of ['ref', 'id']) {
  test(`another team extends Component by \`${key}\`: the two compose`, { skip }, () => {
    const { errors, supergraphSdl } = compose(incidentsSdl(key));
    assert.deepEqual((errors ?? []).map((error) => error.message), []);
    assert.match(supergraphSdl, new RegExp(`type Component[^{]*@join__type\\(graph: INCIDENTS, key: "${key}"`, 's'));
    assert.match(supergraphSdl, /incidents: \[Incident!\]! @join__field\(graph: INCIDENTS\)/);
  });

  test(`from Weft to the other team's fields, by \`${key}\``, { skip }, async () => {
    const { run } = await supergraph(key);
    const { data, errors } = await run(`{
      component(ref: "component:default/payments-api") { title incidents { title } }
      cards: component(ref: "component:default/cards-api") { ref incidents { id } }
    }`);
    assert.equal(errors, undefined);
    assert.equal(data.component.title, 'Payments API');
    assert.deepEqual(data.component.incidents.map((each) => each.title), ['Payments are late', 'Payments are later']);
    assert.deepEqual(data.cards.incidents.map((each) => each.id), ['1']);
  });

  test(`from the other team to Weft's entities, by \`${key}\`, in order and with gaps`, { skip }, async () => {
    const { run, sent } = await supergraph(key);
    const { data, errors } = await run('{ openIncidents { id component { title owner { ... on Team { title } } } } }');
    assert.equal(errors, undefined);
    const told = data.openIncidents.map(({ id, component }) => [id, component?.title, component?.owner?.title]);
    assert.deepEqual(told[0], ['1', 'Cards API', 'Payments']);
    assert.deepEqual(told[1], ['2', 'Payments API', 'Payments']);
    assert.deepEqual(told[2].map((value) => value ?? null), ['3', null, null]);
    assert.deepEqual(told[3], ['4', 'Payments API', 'Payments']);
    assert.equal(sent.length, 1, 'all entities are asked for at once');
    assert.match(sent[0].query, /_entities\(representations:/);
  });
}

test('a subgraph that redefines a field of Weft is refused, by name', { skip }, () => {
  const { errors } = compose(incidentsSdl('ref', 'title: String'));
  const codes = errors.map((error) => error.extensions.code);
  assert.deepEqual(codes, ['INVALID_FIELD_SHARING']);
  assert.match(errors[0].message, /Component\.title/);
});

test('`_entities` keeps order and length; a wrong representation fails alone', { skip }, async () => {
  const representations = [
    { __typename: 'Team', ref: 'group:default/payments' },
    { __typename: 'Component', ref: 'component:default/long-gone' },
    { __typename: 'Component', ref: 'component:default/payments-api' },
    { __typename: 'Nothing', id: '1' },
    { __typename: 'Component' },
    { __typename: 'Team', ref: 'component:default/payments-api' },
  ];
  const query = `query ($representations: [_Any!]!) {
    _entities(representations: $representations) { __typename ... on Team { ref } ... on Component { ref } }
  }`;
  const { data, errors } = await ask(query, { representations });
  assert.deepEqual(data._entities.map((entity) => entity?.ref ?? null), [
    'group:default/payments', null, 'component:default/payments-api', null, null, null,
  ]);
  const told = errors.map((error) => [error.path, error.extensions.code]);
  assert.deepEqual(told, [[['_entities', 3], 'BAD_USER_INPUT'], [['_entities', 4], 'BAD_USER_INPUT']]);
});

test('`_entities` shows to each tenant its own', { skip }, async () => {
  const representations = [{ __typename: 'Component', ref: 'component:default/cards-api' }];
  const query = 'query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }';
  const { data, errors } = await ask(query, { representations }, 'other_tenant_engineer');
  assert.equal(errors, undefined);
  assert.deepEqual(data._entities, [null]);
});
