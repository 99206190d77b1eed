// GraphQL Code Generator's client preset: types from the schema, a program that compiles strictly with them, and its run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { before, test } from 'node:test';

import { GraphQLSchema, buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from 'graphql';

import { as, ask, url } from './support/weft.js';

const folder = new URL('./codegen/', import.meta.url);
const modules = new URL('./node_modules/', import.meta.url);

/** Runs a tool of a package in the folder; throws with what it wrote when it fails. */
function run(tool, ...args) {
  try {
    execFileSync(process.execPath, [new URL(tool, modules).pathname, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } catch (failed) {
    throw new Error(`${tool}: ${failed.stdout}${failed.stderr}`);
  }
}

let program;
before(async () => {
  rmSync(new URL('generated/', folder), { recursive: true, force: true });
  run('@graphql-codegen/cli/esm/bin.js', '--config', 'codegen.ts');
  run('typescript/bin/tsc', '--noEmit', '--project', '.');
  run('typescript/bin/tsc', '--project', '.');
  program = await import(new URL('generated/js/program.js', folder));
});

test('the schema that types are made from is the one that the gateway shows', async () => {
  const whole = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, inputValueDeprecation: true, oneOf: true };
  const { data } = await ask(getIntrospectionQuery(whole));
  // What a supergraph asks for is served and shown, but is no part of the schema for clients.
  const types = data.__schema.types.filter((type) => !/^_[A-Z]/.test(type.name));
  for (const type of types) type.fields &&= type.fields.filter((field) => !/^_[a-z]/.test(field.name));
  data.__schema.types = types;
  const file = readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8');
  // Directives of the schema itself are the server's affair: introspection shows only those that a document may use.
  const text = (schema) => printSchema(lexicographicSortSchema(new GraphQLSchema({ ...schema.toConfig(), directives: [] })));
  const [shown, kept] = [buildClientSchema(data), buildSchema(file)].map((schema) => text(schema).split('\n\n'));
  assert.deepEqual(shown.filter((part) => !kept.includes(part)), [], 'shown, but not in the file');
  assert.deepEqual(kept.filter((part) => !shown.includes(part)), [], 'in the file, but not shown');
});

test('scalars and enums have their types', () => {
  const generated = readFileSync(new URL('generated/gql/graphql.ts', folder), 'utf8');
  assert.match(generated, /ListedFragment = \{[^}]*updatedAt: string, labels: Record<string, unknown>/);
  assert.match(generated, /EntityFilter = \{.*updatedAfter\?: string \| null.*^\};/ms);
  assert.match(generated, /OwnershipState =\s.*\| 'OWNED'/s);
});

test('the program pages through typed answers', async () => {
  const { lines, sender } = program;
  const found = await lines(sender(url, as('engineer')), 'group:default/payments', 13);
  const { data } = await ask(`{
    components(filter: { owner: ["group:default/payments"], lifecycle: ["production"] }, first: 100) { nodes { ref name } }
  }`);
  const byName = data.components.nodes.toSorted((a, b) => (a.name < b.name ? 1 : -1));
  assert.ok(found.pages > 3, `${found.pages} pages are too few to show paging`);
  assert.deepEqual(found.lines.map((line) => line.split(' ')[0]), byName.map((node) => node.ref));
  assert.equal(found.total, byName.length);
  assert.deepEqual(found.owners, ['Payments']);
});

test('errors reach the program with their codes', async () => {
  const { PARTIAL, lines, sender } = program;
  const send = sender(url, as('engineer'));
  const { data, errors } = await send(PARTIAL, {});
  assert.equal(data.viewer.subject, 'ines.lindqvist');
  assert.deepEqual(errors.map((error) => [error.path, error.extensions.code]), [[['auditLog'], 'FORBIDDEN']]);
  await assert.rejects(lines(send, 'group:default/payments', 101), /BAD_USER_INPUT/);
  await assert.rejects(lines(send, 'not a reference', 1), /BAD_USER_INPUT/);
  await assert.rejects(lines(sender(url, {}), 'group:default/payments', 1), /UNAUTHENTICATED/);
});
