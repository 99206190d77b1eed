import { defineConfig } from 'vite';

// Relative addresses, so that the bundle works wherever the gateway puts it; stable names would fight with caching.
export default defineConfig({
  base: '/graphiql/',
  build: { outDir: 'build', assetsInlineLimit: 0, chunkSizeWarningLimit: 8000, sourcemap: false },
  oxc: { jsx: { runtime: 'automatic' } },
  worker: { format: 'es' },
});
