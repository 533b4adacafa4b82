// Whether a real answer is what the description of the API says of it: every member declared, and every declared one as declared.
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { outcomePath } from './outcome.js';

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

export interface ApiDescription {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const JSON_TYPE = 'application/json';
/** It has no body, whatever its status. */
const bodiless = new Set(['head']);

/** Operations with a success that says nothing of its body, as in `get /health 200`. A success without a body is 204. */
export function undescribed({ paths }: ApiDescription): string[] {
  const found: string[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      for (const [status, { content }] of Object.entries(responses)) {
        if (!status.startsWith('2') || status === '204') continue;
        const types = Object.values(content ?? {});
        const isSaid = types.length > 0 && types.every(({ schema }) => schema && Object.keys(schema).length > 0);
        if (!isSaid) found.push(`${method} ${path} ${status}`);
      }
    }
  }
  return found;
}

export class AnswerSchemas {
  /** Successes with a JSON body that were described, and that no answer was held against yet. */
  readonly unseen = new Set<string>();
  private readonly ajv = new Ajv({ strict: false, allErrors: true });

  constructor(private readonly description: ApiDescription) {
    // Ajv and its formats are CommonJS: their types do not agree on what the default export is.
    (addFormats as unknown as (ajv: Ajv) => void)(this.ajv);
    this.ajv.addSchema({ $id: 'api', components: closed(description.components) as object });
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        for (const [status, { content }] of Object.entries(responses)) {
          if (content?.[JSON_TYPE] && status.startsWith('2') && !bodiless.has(method)) {
            this.unseen.add(`${method} ${path} ${status}`);
          }
        }
      }
    }
  }

  /** What is wrong with a success; empty for answers that are no JSON, or not said to be. */
  defects(route: string, status: number, body: unknown): string[] {
    const [method, path] = outcomePath(route);
    const schema = this.description.paths[path]?.[method]?.responses[status]?.content?.[JSON_TYPE]?.schema;
    if (!schema || status >= 300 || bodiless.has(method)) return [];
    this.unseen.delete(`${method} ${path} ${status}`);
    const validate = this.ajv.compile(closed(absolute(schema)) as object);
    if (validate(body)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** No member but those that are named. */
function closed(value: unknown): unknown {
  return mapped(value, (object) =>
    'properties' in object && !('additionalProperties' in object) ? { ...object, additionalProperties: false } : object,
  );
}

/** References as the registered document has them. */
function absolute(value: unknown): unknown {
  return mapped(value, (object) =>
    typeof object['$ref'] === 'string' ? { ...object, $ref: `api${object['$ref']}` } : object,
  );
}

type JsonRecord = Readonly<Record<string, unknown>>;

function mapped(value: unknown, change: (object: JsonRecord) => JsonRecord): unknown {
  if (Array.isArray(value)) return value.map((item) => mapped(item, change));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, mapped(member, change)] as const);
  return change(Object.fromEntries(entries));
}
