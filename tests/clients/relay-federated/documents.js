// What a Relay application asks of a graph that a team is part of: read by relay-compiler alone, which makes an artefact for each document.

import { graphql } from 'relay-runtime';

graphql`
  query documentsComponentQuery($ref: EntityRef!) {
    component(ref: $ref) { id ...documents_component }
  }
`;

graphql`
  fragment documents_component on Component
  @refetchable(queryName: "documentsComponentRefetchQuery")
  @argumentDefinitions(open: { type: "Boolean", defaultValue: true }) {
    ref
    name
    owner { __typename ... on Team { name } }
    health
    incidents(open: $open) { title severity component { name } }
  }
`;

graphql`
  query documentsListQuery($first: Int!) {
    viewer { subject }
    ...documents_list @arguments(first: $first)
  }
`;

graphql`
  fragment documents_list on Query
  @refetchable(queryName: "documentsListPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    components(filter: { owner: ["group:default/payments"] }, first: $first, after: $after)
      @connection(key: "documents_list_components") {
      edges { node { ref name incidents { title severity } } }
    }
  }
`;

graphql`
  query documentsCaughtQuery($ref: EntityRef!) {
    component(ref: $ref) { name incidents @catch(to: RESULT) { title } }
  }
`;

graphql`
  mutation documentsResolveMutation($id: ID!) {
    resolveIncident(id: $id) { severity component { name } }
  }
`;
