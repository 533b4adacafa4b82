// Makes the DTO that a checked request body or query becomes.
import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';

export type DtoClass = new () => object;

const PLAIN_TO_CLASS = 0;

/**
 * Instances of the DTO class and, where `@Type` names one, of the classes below it. Whatever has no declared class is
 * passed on as it is: free-form JSON keeps every key and is not copied, which `plainToInstance` would not do. DTOs
 * that use `@Transform`, `@Expose` or `@Exclude` take that slower way.
 */
export function dtoInstance(type: DtoClass, plain: object): object {
  if (needsTransformer(type, plain)) return plainToInstance(type, plain);
  const instance = new type() as Record<string, unknown>;
  for (const [key, value] of Object.entries(plain)) {
    if (value !== undefined) Object.defineProperty(instance, key, property(childOf(type, key, value)));
  }
  return instance;
}

/**
 * Paths of the fields named like something that every object inherits (`constructor`, `__proto__`): no DTO declares one,
 * and class-validator takes them for declared, or for its own.
 */
export function inheritedFieldsIn(type: DtoClass, plain: object, above = ''): string[] {
  return Object.entries(plain).flatMap(([key, value]) => {
    const path = above === '' ? key : `${above}.${key}`;
    if (key in Object.prototype) return [path];
    const child = defaultMetadataStorage.findTypeMetadata(type, key)?.typeFunction() as unknown;
    if (typeof child !== 'function' || typeof value !== 'object' || value === null) return [];
    if (!Array.isArray(value)) return inheritedFieldsIn(child as DtoClass, value as object, path);
    return value.flatMap((item: unknown, index) =>
      typeof item === 'object' && item !== null ? inheritedFieldsIn(child as DtoClass, item, `${path}[${index}]`) : [],
    );
  });
}

function property(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: true, configurable: true };
}

function childOf(type: DtoClass, key: string, value: unknown): unknown {
  const declared = defaultMetadataStorage.findTypeMetadata(type, key);
  if (!declared) return value;
  const child = declared.typeFunction() as unknown;
  if (child === Number) return Array.isArray(value) ? value.map(strictNumber) : strictNumber(value);
  if (child === Boolean) return strictBoolean(value);
  if (child === String || child === Object || child === Date || typeof child !== 'function') return value;
  if (Array.isArray(value)) return value.map((item: unknown) => nested(child as DtoClass, item));
  return nested(child as DtoClass, value);
}

function nested(type: DtoClass, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? dtoInstance(type, value) : value;
}

const decimal = /^-?\d{1,15}(\.\d{1,15})?$/;

/** The number that a query text says; NaN, which no number rule lets through, when it says none. */
function strictNumber(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return decimal.test(value) ? Number(value) : Number.NaN;
}

function strictBoolean(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value;
}

const transformerNeeds = new WeakMap<DtoClass, Map<string, boolean>>();

function needsTransformer(type: DtoClass, plain: object): boolean {
  let known = transformerNeeds.get(type);
  if (!known) {
    known = new Map();
    transformerNeeds.set(type, known);
    const marked =
      defaultMetadataStorage.getExposedMetadatas(type).length +
      defaultMetadataStorage.getExcludedMetadatas(type).length;
    known.set('', marked > 0);
  }
  if (known.get('')) return true;
  return Object.keys(plain).some((key) => transforms(type, key));
}

function transforms(type: DtoClass, key: string): boolean {
  return defaultMetadataStorage.findTransformMetadatas(type, key, PLAIN_TO_CLASS).length > 0;
}
