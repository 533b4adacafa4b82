// uuid: a random one (version 4), or one made of names (versions 3 and 5), each name in the space of the one before.
import { NIL, v3, v5 } from 'uuid';
import type { Json, JsonObject } from '@app/kernel';
import type { Operation, OperationSettings, TransformationEnvironment } from './operation.js';
import { inPlace, isRecord, keyPath, listIn, pathIn, recordIn, SpecProblem, textIn } from './operation.js';
import type { Path } from './path.js';
import { EvaluationFailure, readPath } from './path.js';

/** RFC 9562, section 6.6. */
const namespaces: Readonly<Record<string, string>> = {
  DNS: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  URL: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
  OID: '6ba7b812-9dad-11d1-80b4-00c04fd430c8',
  X500: '6ba7b814-9dad-11d1-80b4-00c04fd430c8',
};

interface Name {
  readonly path: Path;
  readonly fallback: string | undefined;
}
type Maker = (document: Json) => string;

export function uuidOperation({ spec, env }: OperationSettings): Operation {
  const makers = Object.entries(spec).map(([key, value]) => ({
    target: keyPath(key),
    make: makerOf(recordIn(value, key), key, env),
  }));
  return inPlace(
    (draft) => {
      for (const { target, make } of makers) draft.write(target, make(draft.document));
    },
    { targets: makers.map((maker) => maker.target) },
  );
}

function makerOf(settings: JsonObject, at: string, env: TransformationEnvironment): Maker {
  if (settings.version === 4) return () => env.randomUuid();
  if (settings.version !== 3 && settings.version !== 5) throw new SpecProblem(`${at}.version`, 'must be 3, 4 or 5');
  const make = settings.version === 3 ? v3 : v5;
  const namespace = namespaceOf(textIn(settings.namespace, `${at}.namespace`), `${at}.namespace`);
  const names = listIn(settings.names, `${at}.names`).map((entry, index) => nameOf(entry, `${at}.names[${index}]`));
  return (document) => {
    let space = namespace;
    let id: string = NIL;
    for (const name of names) {
      id = make(textOf(document, name), space);
      space = bytesOf(id);
    }
    return names.length === 0 ? hexOf(namespace) : id;
  };
}

function namespaceOf(text: string, at: string): Uint8Array {
  const known = Object.hasOwn(namespaces, text) ? namespaces[text] : undefined;
  const id = known ?? text;
  if (!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) {
    throw new SpecProblem(at, 'must be DNS, URL, OID, X500 or a UUID');
  }
  return bytesOf(id);
}

function nameOf(entry: Json, at: string): Name {
  if (!isRecord(entry)) throw new SpecProblem(at, 'must be an object');
  const fallback = entry.default === undefined ? undefined : textIn(entry.default, `${at}.default`);
  return { path: pathIn(entry.path, `${at}.path`, 'source'), fallback };
}

function textOf(document: Json, { path, fallback }: Name): string {
  const value = readPath(document, path, true);
  if (value !== undefined) return typeof value === 'string' ? value : JSON.stringify(value);
  if (fallback !== undefined) return fallback;
  throw new EvaluationFailure(`the name ${JSON.stringify(path.text)} of the UUID is missing and has no default`);
}

function bytesOf(id: string): Uint8Array {
  const hex = id.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}

function hexOf(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
