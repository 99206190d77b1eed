// GraphiQL, as the gateway serves it, in a real browser: a person sets a token, reads the documentation and runs a query.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { Estate, REFUSED, now } from './support/live.js';
import { as, ask, at } from './support/weft.js';

const places = [process.env.WEFT_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = places.find((place) => place && existsSync(place));
const skip = executablePath ? false : `no browser at ${places.filter(Boolean).join(', ')}: name one in WEFT_CHROMIUM`;

let browser;
before(async () => {
  if (!skip) browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
});
after(() => browser?.close());

/** The page, and what it asked for and complained about. */
async function open() {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(60_000);
  const asked = [];
  const complaints = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  const answer = await page.goto(at('/graphiql'));
  assert.equal(answer.status(), 200);
  assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
  await page.locator('.result-window .view-lines').waitFor();
  return { page, asked, complaints };
}

/** Replaces the text of the editor with this label. */
async function write(page, label, text) {
  const editor = page.getByRole('region', { name: label }).locator('.monaco-editor').filter({ visible: true }).first();
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
  // The brackets and quotes that the editor closed by itself are one too many.
  await page.keyboard.press('Control+Shift+End');
  await page.keyboard.press('Delete');
}

/** Opens the page and signs in, as the page's first comment says; the schema is loaded after that. */
async function signedIn() {
  const session = await open();
  const { page, complaints } = session;
  // Before there is a token the page's introspection is refused, and the browser itself notes that.
  await page.getByText('UNAUTHENTICATED').first().waitFor();
  assert.deepEqual(complaints.filter((text) => !text.includes('401 (Unauthorized)')), []);
  complaints.length = 0;
  await write(page, 'Headers', JSON.stringify(as('engineer')));
  const introspected = page.waitForResponse((response) => response.url() === at('/graphql') && response.status() === 200);
  await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
  const { data } = await (await introspected).json();
  assert.equal(data.__schema.queryType.name, 'Query');
  return session;
}

/** Nothing but the gateway was asked, and nothing went wrong. */
function assertQuiet({ asked, complaints }) {
  const origin = at('/');
  assert.deepEqual(asked.filter((address) => !address.startsWith(origin) && !/^(blob|data):/.test(address)), []);
  assert.ok(asked.filter((address) => address.startsWith(at('/graphiql/assets/'))).length > 5, 'the assets are the gateway’s own');
  assert.deepEqual(complaints, []);
}

test('a query is run and its result shown', { skip }, async () => {
  const session = await signedIn();
  const { page } = session;
  await write(page, 'Operation Editor', '{ component(ref: "component:default/payments-api") { title type } }');
  await page.getByRole('button', { name: 'Execute query' }).click();
  const { data } = await ask('{ component(ref: "component:default/payments-api") { title type } }');
  const result = page.getByRole('region', { name: 'Result Window' });
  await result.getByText(data.component.title).waitFor();
  const text = (await result.locator('.view-lines').innerText()).replaceAll('\u00a0', ' ');
  assert.ok(text.includes(`"title": "${data.component.title}"`) && text.includes('"type": "service"'), text);
  assert.ok(!text.includes('errors'), text);
  assertQuiet(session);
  await page.close();
});

test('an error is shown with its code', { skip }, async () => {
  const session = await signedIn();
  const { page } = session;
  await write(page, 'Operation Editor', '{ entities(first: -1) { totalCount } }');
  await page.getByRole('button', { name: 'Execute query' }).click();
  await page.getByRole('region', { name: 'Result Window' }).getByText('BAD_USER_INPUT').waitFor();
  assertQuiet(session);
  await page.close();
});

test('a subscription shows what changes, until it is stopped', { skip }, async (t) => {
  const estate = new Estate(t);
  const session = await signedIn();
  const { page } = session;
  const what = `filter: ${JSON.stringify(estate.filter).replaceAll('"tags"', 'tags')}, after: ${JSON.stringify(await now())}`;
  const change = '... on EntityChange { kind entity { title } }';
  await write(page, 'Operation Editor', `subscription Watch { entityChanged(${what}) { ${change} } }`);
  const [request] = await Promise.all([
    page.waitForRequest((each) => each.postData()?.includes('entityChanged')),
    page.getByRole('button', { name: 'Execute query' }).click(),
  ]);
  assert.equal((await request.allHeaders()).accept, 'text/event-stream');
  const result = page.getByRole('region', { name: 'Result Window' });
  for (const [title, kind] of [['First light', 'CREATED'], ['Second wind', 'UPDATED']]) {
    await estate.declare({ a: title });
    await result.getByText(title).waitFor();
    await result.getByText(kind).waitFor();
  }
  // What is stopped is let go, not only shown no more.
  await Promise.all([
    page.waitForEvent('requestfailed', (each) => each === request),
    page.getByRole('button', { name: 'Stop query' }).click(),
  ]);
  await page.getByRole('button', { name: 'Execute query' }).waitFor();
  // Of the same name: for a moment the page asks for the one of before.
  await write(page, 'Operation Editor', REFUSED.replace('subscription', 'subscription Watch'));
  await page.getByRole('button', { name: 'Execute query' }).click();
  await result.getByText('cannot be watched').waitFor();
  await write(page, 'Operation Editor', 'subscription Watch { nothing }');
  await page.getByRole('button', { name: 'Execute query' }).click();
  await result.getByText('GRAPHQL_VALIDATION_FAILED').waitFor();
  // The browser notes streams that are let go, and refusals.
  const noted = (text) => text.endsWith('/graphql: net::ERR_ABORTED') || text.includes('400 (Bad Request)');
  session.complaints.splice(0, Infinity, ...session.complaints.filter((text) => !noted(text)));
  assertQuiet(session);
  await page.close();
});

test('the documentation is the schema’s', { skip }, async () => {
  const session = await signedIn();
  const { page } = session;
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  const docs = page.locator('.graphiql-doc-explorer');
  await docs.getByText('Query', { exact: true }).click();
  await docs.getByText('components', { exact: true }).waitFor();
  await docs.getByText('Component', { exact: true }).first().click();
  await docs.getByText('A piece of software: a service, website, library or job.').waitFor();
  await docs.getByText('dependsOn', { exact: true }).waitFor();
  assertQuiet(session);
  await page.close();
});
