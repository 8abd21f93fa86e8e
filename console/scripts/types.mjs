// Writes app/api/schema.ts, the types of the API, from the document that the service itself prints:
//   node scripts/types.mjs            runs ../target/{release,debug}/promotion-engine openapi, the newer of the two
//   OPENAPI=file-or-address node …    reads that
//
// The file is not committed, and bundling does not need it: Vite forgets types without reading them. So the build
// script of the crate, which runs before there is a service to ask, needs no copy of the document either.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function printed() {
  const found = ['release', 'debug']
    .map((profile) => join(root, '..', 'target', profile, 'promotion-engine'))
    .filter(existsSync)
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (found.length === 0) {
    throw new Error('no service is built: cargo build, or OPENAPI=file-or-address');
  }
  const file = join(mkdtempSync(join(tmpdir(), 'openapi-')), 'openapi.json');
  writeFileSync(file, execFileSync(found[0], ['openapi'], { maxBuffer: 64 * 1024 * 1024 }));
  return file;
}

const source = process.env.OPENAPI ?? printed();
const tool = join(root, 'node_modules', 'openapi-typescript', 'bin', 'cli.js');
const options = ['--root-types', '--root-types-no-schema-prefix', '--alphabetize'];
execFileSync(process.execPath, [tool, source, ...options, '-o', join(root, 'app/api/schema.ts')], { stdio: 'inherit' });
