// Module hooks behind typescript.mjs: resolve the library aliases and `./x.js` -> `./x.ts`, transpile with swc. What was made
// of a file is kept until the file changes: a test run starts hundreds of processes and threads from the same sources.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { threadId } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const swcrc = JSON.parse(readFileSync(new URL('.swcrc', root), 'utf8'));
const { module: _module, $schema: _schema, sourceMaps: _maps, ...options } = swcrc;
const kept = fileURLToPath(new URL('node_modules/.cache/transpiled/', root));
const require = createRequire(import.meta.url);
const settings = `${require('@swc/core/package.json').version}${JSON.stringify(options)}`;
const alias = /^@app\/([a-z-]+)(\/nest)?$/;

export async function resolve(specifier, context, next) {
  const found = alias.exec(specifier);
  if (found) {
    return {
      url: new URL(`libs/${found[1]}/src/${found[2] ? 'nest' : 'index'}.ts`, root).href,
      shortCircuit: true,
    };
  }
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(url)) return { url: url.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  return { format: 'module', source: transpiled(fileURLToPath(url)), shortCircuit: true };
}

function transpiled(filename) {
  const source = readFileSync(filename, 'utf8');
  const place = join(kept, relative(fileURLToPath(root), filename).replaceAll(/[\\/]/g, '+'));
  const ending = `\n// ${createHash('sha256').update(settings).update(filename).update(source).digest('hex')}\n`;
  try {
    const known = readFileSync(place, 'utf8');
    if (known.endsWith(ending)) return known;
  } catch {
    // not kept yet
  }
  // Loading it takes longer than everything else here.
  const { code } = require('@swc/core').transformSync(source, {
    ...options,
    swcrc: false,
    configFile: false,
    filename,
    sourceMaps: 'inline',
    module: { type: 'es6' },
  });
  keep(place, `${code}${ending}`);
  return code;
}

/** Whole or not at all, whoever else does the same at the same time. */
function keep(place, code) {
  const draft = `${place}.${process.pid}.${threadId}`;
  try {
    mkdirSync(kept, { recursive: true });
    writeFileSync(draft, code);
    renameSync(draft, place);
  } catch {
    // It is only slower without.
  }
}
