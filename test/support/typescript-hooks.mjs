// Module hooks behind typescript.mjs: resolve the library aliases and `./x.js` -> `./x.ts`, transpile with swc.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const root = new URL('../../', import.meta.url);
const swcrc = JSON.parse(readFileSync(new URL('.swcrc', root), 'utf8'));
const { module: _module, $schema: _schema, sourceMaps: _maps, ...options } = swcrc;
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
  const filename = fileURLToPath(url);
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    ...options,
    swcrc: false,
    configFile: false,
    filename,
    sourceMaps: 'inline',
    module: { type: 'es6' },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
