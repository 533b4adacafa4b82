// The queries of the port as requests to whoever reads the file. Documents come as JSON text: passing a text between
// threads and parsing it here is cheaper than copying an object.
import type { FieldValue } from '@app/kernel';
import type { ReadRequest, StoredDocument, StoredEntry } from './view-request.js';
import type {
  DocumentQuery,
  DocumentRow,
  EntryQuery,
  EntryRow,
  EntrySelection,
  FacetCount,
  FieldFilter,
} from './view-store.js';
import { ViewStore } from './view-store.js';

export abstract class RequestedViews extends ViewStore {
  protected abstract ask(request: ReadRequest): Promise<unknown>;

  async get<Doc>(view: string, key: string): Promise<Doc | undefined> {
    const json = (await this.ask({ method: 'get', view, key })) as string | undefined;
    return json === undefined ? undefined : (JSON.parse(json) as Doc);
  }

  async find<Doc>(view: string, query: DocumentQuery): Promise<readonly DocumentRow<Doc>[]> {
    const rows = (await this.ask({ method: 'find', view, query })) as readonly StoredDocument[];
    return rows.map(({ key, value, json }) => ({ key, doc: JSON.parse(json) as Doc, place: placeOf(value, key) }));
  }

  async count(view: string, filters: readonly FieldFilter[]): Promise<number> {
    return (await this.ask({ method: 'count', view, filters })) as number;
  }

  async sum(view: string, field: string, filters: readonly FieldFilter[]): Promise<number> {
    return (await this.ask({ method: 'sum', view, field, filters })) as number;
  }

  async entries<Doc>(view: string, query: EntryQuery): Promise<readonly EntryRow<Doc>[]> {
    const rows = (await this.ask({ method: 'entries', view, query })) as readonly StoredEntry[];
    return rows.map((row) => entryRow<Doc>(row));
  }

  async entryBy<Doc>(view: string, field: string, value: string): Promise<EntryRow<Doc> | undefined> {
    const row = (await this.ask({ method: 'entryBy', view, field, value })) as StoredEntry | undefined;
    return row && entryRow<Doc>(row);
  }

  async facetCounts(
    view: string,
    facets: readonly string[],
    selection: EntrySelection,
  ): Promise<readonly FacetCount[]> {
    return (await this.ask({ method: 'facetCounts', view, facets, selection })) as readonly FacetCount[];
  }
}

function entryRow<Doc>({ sequence, position, json }: StoredEntry): EntryRow<Doc> {
  return { sequence, position, doc: JSON.parse(json) as Doc };
}

function placeOf(value: FieldValue, key: string): { readonly value: FieldValue; readonly key: string } {
  return { value, key };
}
