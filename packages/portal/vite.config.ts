import { fileURLToPath } from 'node:url';

import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const page = (name: string) => fileURLToPath(new URL(`${name}.html`, import.meta.url));
const target = process.env['AFFIDAVIT_URL'] ?? 'http://127.0.0.1:7411';
// Saves a developer the signing in: what the development server passes on carries this key.
const key = process.env['AFFIDAVIT_API_KEY'];
const proxy = { target, ...(key ? { headers: { authorization: `Bearer ${key}` } } : {}) };

/** Two pages, one for operators and one for the people concerned, that share what they are made of. */
// oxlint-disable-next-line import/no-default-export -- Vite asks for it.
export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: 'dist/pages',
    // Nothing of a page may be inline: the content security policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    rolldownOptions: { input: { index: page('index'), wallet: page('wallet') } },
  },
  worker: { format: 'es' },
  // `npm run dev -w packages/portal` beside a server that runs.
  server: { proxy: { '/v1': proxy, '/openapi.json': proxy } },
});
