/** How much a browser loads before it shows the promotions. */
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { expect, it, vi } from 'vitest';

const ROOT = import.meta.dirname;
const MOST = 250_000;

type Output = Extract<Awaited<ReturnType<typeof build>>, { output: unknown }>['output'];

it('is at most 250 kB, compressed', { timeout: 120_000 }, async () => {
  // Else React would be the one for development, which is much larger.
  vi.stubEnv('NODE_ENV', 'production');
  const built = await build({ configFile: `${ROOT}/../vite.config.ts`, root: ROOT, logLevel: 'silent', build: { write: false } });
  const output: Output = (built as { output: Output }).output;
  const files = new Map(output.map((file) => [file.fileName, file]));
  const size = (name: string): number => {
    const file = files.get(name);
    if (file === undefined) throw new Error(name);
    return gzipSync(file.type === 'chunk' ? file.code : file.source).length;
  };
  const loaded = new Set<string>();
  const load = (name: string): void => {
    const file = files.get(name);
    if (loaded.has(name) || file?.type !== 'chunk') return;
    loaded.add(name);
    for (const style of (file as { viteMetadata?: { importedCss: Set<string> } }).viteMetadata?.importedCss ?? []) loaded.add(style);
    file.imports.forEach(load);
  };
  // The entry, then all of the console, then the page.
  const wanted = ['/index.html', '/start.tsx', '/pages/promotions/index.tsx'];
  for (const file of output) {
    if (file.type === 'chunk' && wanted.some((end) => file.facadeModuleId?.endsWith(end))) load(file.fileName);
  }
  const sizes = [...loaded].map((name) => [name, size(name)] as const).sort(([, a], [, b]) => b - a);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  expect(sizes.length).toBeGreaterThan(3);
  expect(total, JSON.stringify(sizes, null, 1)).toBeLessThanOrEqual(MOST);
});

it('has the styles of every component that is used', () => {
  const listed = readFileSync(`${ROOT}/mantine.css`, 'utf8');
  const styles = new Set(readdirSync(`${ROOT}/../node_modules/@mantine/core/styles`));
  const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  const used = sources.flatMap((file) => {
    const imports = readFileSync(`${ROOT}/${file}`, 'utf8').matchAll(/import \{([^}]*)\} from '@mantine\/core'/g);
    return [...imports].flatMap(([, names = '']) => names.split(',').map((name) => name.trim().split(' ')[0] ?? ''));
  });
  expect([...new Set(used)].filter((name) => styles.has(`${name}.css`) && !listed.includes(`/${name}.css`))).toEqual([]);
});
