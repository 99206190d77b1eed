// A small typed program: its types come from the schema, so that it compiles only while the schema is what it relies on.

import { type FragmentType, unmask } from './generated/gql/fragment-masking.js';
import { graphql } from './generated/gql/gql.js';
import type { ComponentsQuery, TypedDocumentString } from './generated/gql/graphql.js';

export const COMPONENT = graphql(`
  fragment Listed on Component { id ref title updatedAt labels lifecycle }
`);

export const COMPONENTS = graphql(`
  query Components($filter: EntityFilter!, $first: Int!, $after: String) {
    components(filter: $filter, orderBy: { field: NAME, direction: DESC }, first: $first, after: $after) {
      totalCount
      nodes { ...Listed owner { __typename ... on Team { title } ... on User { displayName } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const PARTIAL = graphql(`
  query Partial { viewer { subject scopes } auditLog(first: 1) { totalCount } }
`);

/** What came back: data, errors, or both. */
export interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string; requestId: string } }[];
}

export type Send = <Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables) => Promise<Answer<Data>>;

/** A sender of typed documents for whoever these headers stand for. */
export function sender(url: string, headers: Record<string, string>): Send {
  return async (document, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    return (await response.json()) as Answer<never>;
  };
}

/** A line about a component: each of its fields has the type that the schema gives it. */
function line(masked: FragmentType<typeof COMPONENT>): string {
  const component = unmask(COMPONENT, masked);
  const changed: string = component.updatedAt;
  const labels: Record<string, unknown> = component.labels;
  const title: string = component.title ?? component.ref;
  return `${component.ref} ${title} ${new Date(changed).getUTCFullYear()} ${Object.keys(labels).length}`;
}

/** What is told of the components of an owner. */
export interface Lines {
  lines: string[];
  owners: string[];
  total: number;
  pages: number;
}

/** Lines about all components of an owner, page by page, and how many the gateway says there are. */
export async function lines(send: Send, owner: string, first: number): Promise<Lines> {
  const found: string[] = [];
  const owners = new Set<string>();
  let after: string | null = null;
  for (let pages = 1; ; pages += 1) {
    const variables = { filter: { owner: [owner], lifecycle: ['production'] }, first, after };
    const answer: Answer<ComponentsQuery> = await send(COMPONENTS, variables);
    const page = answer.data?.components;
    if (!page) throw new Error(answer.errors?.[0]?.extensions.code ?? 'no data');
    for (const node of page.nodes) {
      found.push(line(node));
      if (node.owner?.__typename === 'Team') owners.add(node.owner.title ?? '');
    }
    if (!page.pageInfo.hasNextPage) return { lines: found, owners: [...owners], total: page.totalCount ?? -1, pages };
    after = page.pageInfo.endCursor ?? null;
  }
}
