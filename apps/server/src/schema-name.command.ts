// The name of a PostgreSQL schema, as an argument or from the environment.
import { InvalidArgumentError } from 'commander';
import { StoreError } from '@app/event-store';

const RULE = 'at most 63 lower-case letters, digits and _';
const isName = (text: string): boolean => /^[a-z_][a-z0-9_]{0,62}$/.test(text);

export function schemaName(text: string): string {
  if (isName(text)) return text;
  throw new InvalidArgumentError(`It is ${RULE}.`);
}

/** As given, else VIEWS_SCHEMA, else as servers have it. Throws StoreError InvalidArgument. */
export function schemaOf(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const name = given ?? (env['VIEWS_SCHEMA'] || 'runledger');
  if (isName(name)) return name;
  throw new StoreError('InvalidArgument', `VIEWS_SCHEMA is the name of a schema: ${RULE}`);
}
