import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** The service that the dev server passes calls on to. */
const service = process.env['SERVICE'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: 'app',
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    // The page "About" shows it.
    license: { fileName: 'licenses.json' },
    // The policy allows no data addresses for scripts, and small files are better cached than repeated.
    assetsInlineLimit: 0,
    // These know `light-dark()`, which older ones cannot be given: it follows a choice that is made when the page runs.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
  },
  server: { proxy: { '/v1': service, '/openapi.json': service, '/docs': service } },
  test: { include: ['**/*.test.ts', '**/*.test.tsx'], root: 'app', setupFiles: ['./test-setup.ts'] },
});
