// Apollo Client as its guide sets it up for this graph, and notes of what it sent and saw.

import assert from 'node:assert/strict';

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { ErrorLink } from '@apollo/client/link/error';
import { relayStylePagination } from '@apollo/client/utilities';
import { getIntrospectionQuery } from 'graphql';

import { as, ask, recorder, url } from './weft.js';

/** The types behind each interface and union, as Apollo's guide makes them: by introspection. */
async function possibleTypes() {
  const { data } = await ask(getIntrospectionQuery());
  const abstract = data.__schema.types.filter((type) => type.possibleTypes?.length);
  return Object.fromEntries(abstract.map((type) => [type.name, type.possibleTypes.map((possible) => possible.name)]));
}

/** A client; `sent` has its requests, `seen` what its error link saw. */
export async function connect(role = 'engineer', headers = as(role)) {
  const { fetch, sent } = recorder();
  const seen = [];
  const errors = new ErrorLink(({ error, operation }) => {
    seen.push({ error, operation: operation.operationName });
  });
  const http = new HttpLink({ uri: url, headers, fetch });
  const paged = relayStylePagination(['filter', 'search', 'orderBy']);
  const cache = new InMemoryCache({
    possibleTypes: await possibleTypes(),
    typePolicies: { Query: { fields: { entities: paged, components: paged } } },
  });
  const client = new ApolloClient({ link: ApolloLink.from([errors, http]), cache, clientAwareness: { name: 'tests' } });
  return { client, sent, seen };
}

/** The rejection of a promise that must not be kept. */
export const failure = (promise) => promise.then(() => assert.fail('it succeeded'), (error) => error);
