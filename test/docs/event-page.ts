// docs/events.md: the catalogue of events, from the schemas that the code is compiled against.
import type { EventDefinition } from '@app/kernel';
import type { EventCatalogue } from './event-catalogues.js';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly format?: string;
  readonly minimum?: number;
  readonly description?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface FieldRow {
  readonly path: string;
  readonly type: string;
  readonly present: string;
  readonly meaning: string;
}

const intro = `# Events

Everything that can happen, one sentence each. This page is generated from the schemas in \`libs/*/src/*-events.ts\` by
\`npm run docs\`; \`npm test\` fails when it differs.

Events are for ever: a type or an optional field may be added, none is changed or removed. The lock file
\`test/architecture/event-schemas.lock.json\` is what the tests hold the schemas to. Who, when, from where and why do not
stand in the data but in the envelope that every event has: \`id\`, \`type\`, \`stream\`, \`revision\`, \`position\`,
\`recordedAt\` and \`metadata\` (\`actor\`, \`onBehalfOf\`, \`channel\`, \`ip\`, \`userAgent\`, \`requestId\`, \`correlationId\`,
\`causationId\`, \`traceparent\`, \`occurredAt\`, \`reason\`, \`schemaVersion\`).
`;

export function eventPage(catalogues: readonly EventCatalogue[]): string {
  const sections = catalogues.map(
    ({ title, stream, about, events }) =>
      `## ${title}\n\nStream \`${stream}\`. ${about}\n\n${Object.values(events).map(eventSection).join('\n')}`,
  );
  return [intro, ...sections].join('\n');
}

function eventSection({ type, sentence, schema }: EventDefinition): string {
  const rows = fieldRows(schema as Schema, '');
  const table =
    rows.length === 0
      ? 'No data.\n'
      : [
          '| field | type | | meaning |',
          '| --- | --- | --- | --- |',
          ...rows.map(
            ({ path, type: kind, present, meaning }) => `| \`${path}\` | ${kind} | ${present} | ${meaning} |`,
          ),
          '',
        ].join('\n');
  return `### ${type}\n\n${sentence}\n\n${table}`;
}

function fieldRows({ properties = {}, required = [] }: Schema, prefix: string): FieldRow[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const inner = schema.type === 'array' ? (schema.items ?? {}) : schema;
    return [
      {
        path,
        type: typeText(schema),
        present: required.includes(name) ? 'always' : 'optional',
        meaning: (schema.description ?? '').replaceAll('|', '\\|'),
      },
      ...fieldRows(inner, `${path}${schema.type === 'array' ? '[]' : ''}.`),
    ];
  });
}

function typeText({ type, format, items, anyOf, minimum, ...schema }: Schema): string {
  if (anyOf) return anyOf.map(typeText).join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (type === 'array') return `array of ${items ? typeText(items) : 'JSON'}`;
  if (type === undefined) return 'JSON';
  return [type, format ? `(${format})` : '', minimum === undefined ? '' : `>= ${minimum}`].filter(Boolean).join(' ');
}
