// The incidents of the demo: for some components a few each, the same at every start.

import { createHash } from 'node:crypto';

const SEVERITIES = ['CRITICAL', 'MAJOR', 'MINOR'];
const TITLES = ['Latency above its objective', 'Out of memory', 'Failing health checks', 'Queue grows', 'Certificate expired'];
const HOUR = 3_600_000;

/** A number that depends on the text alone. */
function numberOf(text) {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

const resolved = new Map();
const begun = Date.now();

/** The incidents of a component, newest first. */
export function incidentsOf(ref) {
  const count = Math.max(0, (numberOf(ref) % 6) - 2);
  return Array.from({ length: count }, (_, number) => incident(ref, number)).sort((one, other) => other.openedAt - one.openedAt);
}

function incident(ref, number) {
  const id = Buffer.from(`${ref}#${number}`).toString('base64url');
  const seed = numberOf(id);
  const openedAt = begun - (1 + (seed % 700)) * HOUR;
  const isOver = seed % 3 !== 0;
  const resolvedAt = resolved.get(id) ?? (isOver ? openedAt + (1 + (seed % 20)) * HOUR : null);
  return { id, title: TITLES[seed % TITLES.length], severity: SEVERITIES[seed % 3], openedAt, resolvedAt, ref };
}

/** The incident with this id; null where there is none. */
export function incidentById(id) {
  const [ref, number] = Buffer.from(id, 'base64url').toString().split('#');
  return incidentsOf(ref).find((known) => known.id === id && number !== undefined) ?? null;
}

/** Closes an incident. */
export function resolve(id) {
  const known = incidentById(id);
  if (known && known.resolvedAt === null) resolved.set(id, Date.now());
  return incidentById(id);
}

/** Whether an incident is as open as asked. */
export function isAsked(known, open) {
  return open === undefined || open === null || (known.resolvedAt === null) === open;
}
