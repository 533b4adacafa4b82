import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { isUuid, refuse, RefusalError } from '@app/kernel';

/** `@Param('id', UuidPipe) id: string` - a UUID of any version, in lower case; anything else is 400 FLK-0002. */
@Injectable()
export class UuidPipe implements PipeTransform<unknown, string> {
  transform(value: unknown, { data }: ArgumentMetadata): string {
    if (isUuid(value)) return value.toLowerCase();
    const field = data ?? 'id';
    throw new RefusalError(
      refuse('invalid', 'FLK-0002', `${field} must be a UUID`, [{ field, message: 'must be a UUID' }]),
    );
  }
}
