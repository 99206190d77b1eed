// A subgraph in another language: incidents of components over HTTP. `node index.js [PORT]` prints its address when it answers.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { GraphQLScalarType, graphql, parse } from 'graphql';
import { incidentById, incidentsOf, isAsked, resolve } from './incidents.js';

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const COMPONENTS = (process.env.INCIDENTS_OF ?? 'component:default/payments-api').split(',');

const time = (moment) => (moment === null ? null : new Date(moment).toISOString());
const text = (name) => new GraphQLScalarType({ name, serialize: String, parseValue: String });

const resolvers = {
  DateTime: text('DateTime'),
  EntityRef: text('EntityRef'),
  Component: {
    __resolveReference: ({ ref }) => ({ ref }),
    incidents: ({ ref }, { open }) => incidentsOf(ref).filter((known) => isAsked(known, open)),
  },
  Incident: {
    __resolveReference: ({ id }) => incidentById(id),
    openedAt: (known) => time(known.openedAt),
    resolvedAt: (known) => time(known.resolvedAt),
    component: ({ ref }) => ({ ref }),
  },
  Query: {
    incidents: (_, { open, first }) => {
      if (first < 1 || first > 100) throw new Error('`first` must be 1 to 100');
      const all = COMPONENTS.flatMap(incidentsOf).sort((one, other) => other.openedAt - one.openedAt);
      return all.filter((known) => isAsked(known, open)).slice(0, first);
    },
    incident: (_, { id }) => incidentById(id),
  },
  Mutation: { resolveIncident: (_, { id }) => resolve(id) },
};

const typeDefs = parse(readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'));
const schema = buildSubgraphSchema({ typeDefs, resolvers });

async function answer(request, response) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return send(response, 413, { errors: [{ message: 'the body is too large' }] });
    chunks.push(chunk);
  }
  let asked;
  try {
    asked = JSON.parse(Buffer.concat(chunks));
  } catch {
    return send(response, 400, { errors: [{ message: 'the body is not JSON' }] });
  }
  send(response, 200, await graphql({ schema, source: String(asked.query), variableValues: asked.variables }));
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => send(response, 500, { errors: [{ message: 'internal error' }] }));
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/graphql`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
// Whoever started it is gone.
process.stdin.on('end', () => process.exit(0)).resume();
