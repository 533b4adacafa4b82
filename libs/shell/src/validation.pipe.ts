import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { validateSync } from 'class-validator';
import type { FieldFinding } from '@app/kernel';
import { refuse, RefusalError } from '@app/kernel';
import type { DtoClass } from './dto-instance.pipe.js';
import { dtoInstance, inheritedFieldsIn } from './dto-instance.pipe.js';
import { UnreadableBody } from './json-body.js';
import { wireCodeOfClass, wireCodeOfProperty } from './wire-code.decorator.js';

const FINDINGS_MAX = 100;
const LATER_TURNS = 8;
const plainTypes: ReadonlySet<unknown> = new Set([undefined, String, Boolean, Number, Array, Object, Date]);

/**
 * Checks every body, query and path that has a DTO class, synchronously: unknown fields are refused, and all findings
 * come at once. Bodies answer FLK-0001, queries FLK-0304, paths FLK-0002, unless `@WireCode` names another code.
 */
@Injectable()
export class ValidationPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if (value instanceof UnreadableBody) return refusedLast(new RefusalError(value.refusal));
    if (type === 'custom' || plainTypes.has(metatype)) return value;
    if (type !== 'body') return checkedDto(metatype as DtoClass, value, type);
    try {
      return checkedDto(metatype as DtoClass, value, type);
    } catch (error) {
      return refusedLast(error);
    }
  }
}

/** All parameters are checked at once and the first to fail is answered for: the path comes before the body. */
async function refusedLast(error: unknown): Promise<never> {
  for (let turn = 0; turn < LATER_TURNS; turn += 1) await Promise.resolve();
  throw error;
}

/** The DTO made of `value`, or RefusalError with every finding. */
export function checkedDto<T extends object>(type: new () => T, value: unknown, source: 'body' | 'query' | 'param'): T {
  const plain = value === undefined ? {} : value;
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    throw new RefusalError(refuse('invalid', codeOf(type, source), 'the body must be a JSON object'));
  }
  const inherited = inheritedFieldsIn(type, plain);
  if (inherited.length > 0) throw refused(type, source, inherited.map(unknownField));
  const instance = dtoInstance(type, plain) as T;
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: true, value: false },
  });
  if (errors.length > 0) throw refused(type, source, findingsOf(errors));
  return instance;
}

function unknownField(field: string): FieldFinding {
  return { field, message: `${field} is not a known field` };
}

function refused(type: object, source: 'body' | 'query' | 'param', fields: readonly FieldFinding[]): RefusalError {
  const code = fields.find((finding) => finding.code !== undefined)?.code ?? codeOf(type, source);
  return new RefusalError(refuse('invalid', code, messageOf(source, fields), fields.slice(0, FINDINGS_MAX)));
}

function codeOf(type: object, source: 'body' | 'query' | 'param'): string {
  const named = wireCodeOfClass(type);
  if (named !== undefined) return named;
  return source === 'body' ? 'FLK-0001' : source === 'query' ? 'FLK-0304' : 'FLK-0002';
}

const sourceNames = { body: 'the request body', query: 'the query', param: 'the path' } as const;

function messageOf(source: 'body' | 'query' | 'param', fields: readonly FieldFinding[]): string {
  const [first] = fields;
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
  return `${sourceNames[source]} is not valid: ${first?.message ?? 'it has no known content'}${more}`;
}

function findingsOf(errors: readonly ValidationError[], above = ''): FieldFinding[] {
  return errors.flatMap((error) => {
    const path = pathOf(above, error);
    const code = error.target ? wireCodeOfProperty(error.target.constructor, error.property) : undefined;
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
      field: path,
      message: rule === 'whitelistValidation' ? `${error.property} is not a known field` : message,
      ...(code === undefined ? {} : { code }),
    }));
    return [...own, ...findingsOf(error.children ?? [], path)];
  });
}

function pathOf(above: string, error: ValidationError): string {
  if (Array.isArray(error.target)) return `${above}[${error.property}]`;
  return above === '' ? error.property : `${above}.${error.property}`;
}
