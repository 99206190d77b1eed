import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { GraphiQL } from 'graphiql';
import { getOperationAST, parse } from 'graphql';
import { createClient } from 'graphql-sse';
import { createRoot } from 'react-dom/client';

const query = `# Put a token into the headers below: {"authorization": "Bearer …"}
{
  viewer { subject tenant scopes teams { ref title } }
  components(first: 5) {
    totalCount
    nodes { ref title owner { ... on Team { title } } repository { latestPipeline { status } } }
  }
}
`;

// Read from what is sent: what the editor knows of its document lags behind what was typed last.
function isSubscription({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === 'subscription';
  } catch {
    // The gateway says what is wrong with it.
    return false;
  }
}

async function answer(params, headers) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(params),
  });
  return response.json();
}

// Not tried again: a person sees that it ended, and why, and begins it anew from the last cursor.
// No generator: one that waits for its next event cannot be stopped.
const results = (params, headers) => ({
  subscribe(observer) {
    const error = async (error) => {
      if (!error.response) return observer.error(error);
      observer.next(await error.response.json());
      observer.complete();
    };
    const next = (result) => observer.next(result);
    const complete = () => observer.complete();
    return {
      unsubscribe: createClient({ url: '/graphql', headers, retryAttempts: 0 }).subscribe(params, { next, error, complete }),
    };
  },
});

const fetcher = (params, { headers } = {}) =>
  isSubscription(params) ? results(params, headers) : answer(params, headers);

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={query}
    defaultHeaders={'{\n  "authorization": "Bearer "\n}'}
    defaultEditorToolsVisibility="headers"
    isHeadersEditorEnabled
    shouldPersistHeaders={false}
  />,
);
