// The list of API keys, read from the views.
import type { EventStore } from '@app/event-store';
import type { DocumentRow, ViewStore } from '@app/read-model';
import { decodeCursor, encodeCursor } from '@app/read-model';
import type { ApiKeyPage, ApiKeyQuery, ApiKeyRow } from '@app/access';
import { ApiKeyDirectory, apiKeyView } from '@app/access';
import { refuse, RefusalError } from '@app/kernel';

type Place = DocumentRow<ApiKeyRow>['place'];

export class ViewStoreApiKeyDirectory extends ApiKeyDirectory {
  constructor(
    private readonly views: ViewStore,
    private readonly events: EventStore,
  ) {
    super();
  }

  async page({ revoked, limit, cursor }: ApiKeyQuery): Promise<ApiKeyPage> {
    const after = cursor === undefined ? undefined : placeIn(cursor);
    await this.views.waitFor(this.events.lastAppended);
    const rows = await this.views.find<ApiKeyRow>(apiKeyView.name, {
      ...(revoked === undefined ? {} : { filters: [{ field: 'revoked', equals: revoked ? 1 : 0 }] }),
      sort: { field: 'createdAt', descending: true },
      ...(after ? { after } : {}),
      limit: limit + 1,
    });
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const isMore = rows.length > limit && last !== undefined;
    const nextCursor = isMore
      ? encodeCursor(apiKeyView.name, { value: last.place.value, key: last.place.key })
      : undefined;
    return { rows: shown.map(({ doc }) => doc), ...(nextCursor === undefined ? {} : { nextCursor }) };
  }
}

function placeIn(cursor: string): Place {
  const place = decodeCursor(apiKeyView.name, cursor) as Place | undefined;
  if (place && typeof place.key === 'string') return place;
  throw new RefusalError(refuse('invalid', 'INVALID_CURSOR', 'cursor is none that this list gave out'));
}
