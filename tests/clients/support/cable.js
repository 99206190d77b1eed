// A cable between a client and the gateway, which can be cut: all that runs through it ends as when a network fails.

import { connect, createServer } from 'node:net';

import { url } from './weft.js';

/** A cable; `http` and `ws` are the addresses of `/graphql` at its near end. */
export async function cable() {
  const { hostname, port, pathname } = new URL(url);
  const pairs = new Set();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    const pair = [near, far];
    pairs.add(pair);
    for (const [one, other] of [pair, [far, near]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
      one.pipe(other);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const near = `127.0.0.1:${server.address().port}${pathname}`;
  let cuts = 0;
  return {
    http: `http://${near}`,
    ws: `ws://${near}`,
    get cuts() {
      return cuts;
    },
    /** How many connections run through it. */
    get inUse() {
      return pairs.size;
    },
    /** Cuts all that runs through it; what comes later gets through. */
    cut() {
      cuts += 1;
      for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    },
    close() {
      this.cut();
      server.close();
    },
  };
}
