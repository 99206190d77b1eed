// What a Relay application asks of the graph: read by relay-compiler alone, which makes an artefact for each document.

import { graphql } from 'relay-runtime';

graphql`
  query documentsTeamQuery($ref: EntityRef!, $first: Int!) {
    team(ref: $ref) { id ref title }
    viewer { subject tenant }
    ...documents_components @arguments(first: $first)
  }
`;

graphql`
  query documentsComponentQuery($ref: EntityRef!) {
    component(ref: $ref) { id ...documents_component }
  }
`;

graphql`
  fragment documents_component on Component
  @refetchable(queryName: "documentsComponentRefetchQuery")
  @argumentDefinitions(relations: { type: "Int", defaultValue: 1 }) {
    ref
    title
    owner { ... on Team { title } }
    updatedAt
    relations(first: $relations) { nodes { type targetRef } pageInfo { hasNextPage } }
  }
`;

graphql`
  fragment documents_components on Query
  @refetchable(queryName: "documentsComponentsPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    components(filter: { owner: ["group:default/payments"] }, first: $first, after: $after)
      @connection(key: "documents_components") {
      totalCount
      edges { node { id ref } }
    }
  }
`;

graphql`
  query documentsPartialQuery {
    viewer { subject }
    auditLog(first: 1) { totalCount }
  }
`;

graphql`
  query documentsStrictQuery {
    viewer { subject }
    auditLog(first: 1) @required(action: THROW) { totalCount }
  }
`;
