// The audits of the GraphQL over HTTP specification, from the package `graphql-http`: each MUST and SHOULD is a test, each MAY is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { serverAudits } from 'graphql-http';

import { as, url } from './support/weft.js';

const asEngineer = (target, options = {}) => fetch(target, { ...options, headers: { ...options.headers, ...as('engineer') } });

const audits = serverAudits({ url, fetchFn: asEngineer });

test('the audits are all there', () => {
  for (const word of ['MUST', 'SHOULD', 'MAY']) {
    assert.ok(audits.some((audit) => audit.name.startsWith(word)), `none says ${word}`);
  }
});

for (const audit of audits) {
  test(`${audit.id} ${audit.name}`, async (context) => {
    const result = await audit.fn();
    if (result.status === 'ok') return;
    const body = result.response.bodyUsed ? '' : await result.response.text();
    const told = `${result.reason}: ${result.response.status} ${result.response.headers.get('content-type')} ${body}`;
    if (audit.name.startsWith('MAY')) {
      context.diagnostic(`not done, and need not be: ${told}`);
      return;
    }
    assert.fail(told);
  });
}
