// What must not compile: the compiler reports each of these lines as soon as its types would let it pass. Never run.

import { COMPONENTS, PARTIAL, type Send } from './program.js';

export async function refused(send: Send): Promise<void> {
  // @ts-expect-error `first` is a number
  await send(COMPONENTS, { filter: {}, first: 'ten' });
  // @ts-expect-error `filter` must be given
  await send(COMPONENTS, { first: 1 });
  // @ts-expect-error a filter has no such field
  await send(COMPONENTS, { filter: { colour: 'red' }, first: 1 });
  // @ts-expect-error an enum has its values and no others
  await send(COMPONENTS, { filter: { ownership: ['BORROWED'] }, first: 1 });
  const { data } = await send(PARTIAL, {});
  // @ts-expect-error a field that may be refused is nullable
  data?.auditLog.totalCount;
  // @ts-expect-error what was not selected is not there
  data?.viewer.tenant;
}
