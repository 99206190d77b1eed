// Another team's subgraph: incidents of components, which it knows by one of their keys alone.

import { buildSchema, graphql, print } from 'graphql';

/** Its incidents, each of the component with this key; the last one's component is gone. */
const INCIDENTS = [
  { id: '1', title: 'Cards are declined', of: 'component:default/cards-api' },
  { id: '2', title: 'Payments are late', of: 'component:default/payments-api' },
  { id: '3', title: 'Nobody knows', of: 'component:default/long-gone' },
  { id: '4', title: 'Payments are later', of: 'component:default/payments-api' },
];

/** Its schema, by `ref` or by `id`; `more` is added to its `Component`. */
export const incidentsSdl = (key, more = '') => `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
  scalar EntityRef
  type Component @key(fields: "${key}") {
    ${key}: ${key === 'id' ? 'ID' : 'EntityRef'}!
    incidents: [Incident!]!
    ${more}
  }
  type Incident @key(fields: "id") { id: ID! title: String! component: Component }
  type Query { openIncidents: [Incident!]! }
`;

/** An executor of its operations; `keys` has, for each reference, the value of the key. */
export function incidents(key, keys) {
  const whole = `${incidentsSdl(key)}
    scalar _Any
    union _Entity = Component | Incident
    extend type Query { _entities(representations: [_Any!]!): [_Entity]! }`;
  const schema = buildSchema(whole, { assumeValidSDL: true });
  const component = (value) => ({
    __typename: 'Component',
    [key]: value,
    incidents: INCIDENTS.filter(({ of }) => keys[of] === value).map(incident),
  });
  const incident = ({ id, title, of }) => ({ id, title, component: () => component(keys[of]) });
  const rootValue = {
    openIncidents: () => INCIDENTS.map(incident),
    _entities: ({ representations }) => representations.map((each) => component(each[key])),
  };
  return ({ document, variables }) => graphql({ schema, source: print(document), rootValue, variableValues: variables });
}
