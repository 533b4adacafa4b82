// What a projection declares, as plain JSON: stored beside the view, so that a change of it is noticed and so that
// readers need no projection.
import type { Projection } from '@app/kernel';

export interface DeclaredField {
  readonly name: string;
  readonly type: 'text' | 'number';
}

interface Declared {
  readonly name: string;
  readonly version: number;
  readonly categories: readonly string[] | 'all';
  readonly fields: readonly DeclaredField[];
}

export interface DocumentDeclaration extends Declared {
  readonly kind: 'document';
  readonly indexes: readonly (readonly string[])[];
}

export interface EntryDeclaration extends Declared {
  readonly kind: 'entry';
  readonly facets: readonly DeclaredField[];
}

export type ViewDeclaration = DocumentDeclaration | EntryDeclaration;

export function declarationOf(projection: Projection): ViewDeclaration {
  const { name, version, categories } = projection;
  const fields = declaredFields(projection.fields);
  if (projection.kind === 'entry') {
    return { kind: 'entry', name, version, categories, fields, facets: declaredFields(projection.facets) };
  }
  const { indexes } = projection;
  const unknown = indexes.flat().find((field) => !(field in projection.fields));
  if (unknown !== undefined) throw new Error(`view ${name}: an index names "${unknown}", which is no field`);
  return { kind: 'document', name, version, categories, fields, indexes };
}

function declaredFields(fields: Readonly<Record<string, { readonly type: 'text' | 'number' }>>): DeclaredField[] {
  return Object.entries(fields).map(([name, { type }]) => ({ name, type }));
}
