// The list of API keys, as a view and as the port through which it is asked.
import type { DocumentProjection, RecordedEvent } from '@app/kernel';
import { keyOf } from '@app/kernel';
import type { ApiKeyEvent } from './access-events.js';

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
}

export const apiKeyView: DocumentProjection<ApiKeyRow> = {
  kind: 'document',
  name: 'api-keys',
  version: 1,
  categories: ['apiKey'],
  key: (event) => keyOf(event.stream),
  fold(row, event) {
    const { type, data } = event as RecordedEvent & ApiKeyEvent;
    if (type === 'ApiKeyCreated') {
      const { name, expiresAt } = data;
      const createdAt = event.metadata.occurredAt;
      return { id: keyOf(event.stream), name, createdAt, ...(expiresAt === undefined ? {} : { expiresAt }) };
    }
    return type === 'ApiKeyRevoked' && row ? { ...row, revokedAt: event.metadata.occurredAt } : row;
  },
  fields: {
    createdAt: { type: 'text', of: (row) => row.createdAt },
    revoked: { type: 'number', of: (row) => (row.revokedAt === undefined ? 0 : 1) },
  },
  indexes: [['createdAt'], ['revoked', 'createdAt']],
};

export interface ApiKeyPage {
  readonly rows: readonly ApiKeyRow[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface ApiKeyQuery {
  readonly revoked?: boolean;
  /** 1 to 100 */
  readonly limit: number;
  readonly cursor?: string;
}

export abstract class ApiKeyDirectory {
  /**
   * Newest first; shows everything this server acknowledged before the call. Throws RefusalError (INVALID_CURSOR) for a
   * cursor that is none of its own.
   */
  abstract page(query: ApiKeyQuery): Promise<ApiKeyPage>;
}
