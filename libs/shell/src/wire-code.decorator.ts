import 'reflect-metadata';

const WIRE_CODE = Symbol('wireCode');

/**
 * Names the public code with which a failing DTO is answered: on the class for all of it, on a property for that
 * property. Without one a body answers FLK-0001, a query FLK-0304, a path FLK-0002.
 */
export function WireCode(code: string): ClassDecorator & PropertyDecorator {
  return (target: object, property?: string | symbol): void => {
    if (property === undefined) Reflect.defineMetadata(WIRE_CODE, code, target);
    else Reflect.defineMetadata(WIRE_CODE, code, target, property);
  };
}

/** The code named on the property of the class, else undefined. */
export function wireCodeOfProperty(type: { prototype: object }, property: string): string | undefined {
  return Reflect.getMetadata(WIRE_CODE, type.prototype, property) as string | undefined;
}

export function wireCodeOfClass(type: object): string | undefined {
  return Reflect.getMetadata(WIRE_CODE, type) as string | undefined;
}
