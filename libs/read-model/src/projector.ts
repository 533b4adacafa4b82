// Folds events into views. Views that stand at the same place of the log form a cohort and are folded together; a view
// that is being made anew is a cohort of its own until it has caught up. A view whose fold throws is left where it
// stands, and everything else goes on.
import type {
  DocumentProjection,
  EntryProjection,
  FieldValue,
  GlobalPosition,
  Projection,
  RecordedEvent,
} from '@app/kernel';
import { categoryOf } from '@app/kernel';
import { RecentMap } from '@app/event-store';
import { valueOf } from './text-order.js';
import type { RebuiltView, ViewStatus } from './view-store.js';
import type { DocumentChange, EntryAddition, LogMark, ViewChanges, ViewProgress, ViewWriter } from './view-writer.js';

/** Documents of one view that are kept in memory between batches. */
const DOCUMENTS_KEPT = 2_000;

interface View {
  readonly name: string;
  readonly projection: Projection;
  documents: RecentMap<string, object>;
  position: GlobalPosition | undefined;
  rebuild: RebuiltView['reason'] | undefined;
  answering: boolean;
  /** Why it stands still. */
  failed?: string;
}

export type Cohort = readonly View[];

/** What was folded and is not yet written. */
interface Folded {
  readonly view: View;
  readonly changes: ViewChanges;
  readonly documents: ReadonlyMap<string, object | undefined>;
}

export class Projector {
  private views: View[] = [];

  constructor(
    private readonly writer: ViewWriter,
    private readonly projections: readonly Projection[],
  ) {}

  open(): void {
    this.take(this.writer.open(this.projections));
  }

  /** The views tell about another log than the one at hand: all of them begin anew. */
  reset(): void {
    this.take(this.writer.reset());
  }

  mark(): LogMark | undefined {
    return this.writer.mark();
  }

  /** The views that are furthest; empty when every view failed. */
  front(): Cohort {
    const position = this.position();
    return this.running().filter((view) => view.position === position);
  }

  /** The views that are least far behind the front, if any. */
  laggards(): Cohort {
    const front = this.position();
    const behind = this.running().filter((view) => view.position !== front);
    const position = behind.map((view) => view.position ?? '').sort()[0];
    return behind.filter((view) => (view.position ?? '') === position);
  }

  position(): GlobalPosition | undefined {
    const positions = this.running().map((view) => view.position ?? '');
    return positions.sort().at(-1) || undefined;
  }

  status(): ViewStatus {
    const rebuilding = this.views.filter((view) => view.rebuild || !view.answering).map(({ name }) => name);
    const failures = this.views.map(({ failed }) => failed).filter((failed) => failed !== undefined);
    const [failed] = failures;
    const position = this.position();
    return { position, rebuilding, ...(failed === undefined ? {} : { failed }) };
  }

  /**
   * Folds events that follow the cohort's position without gap, and writes the result in one transaction.
   * @param caughtUp nothing in the log is known to follow them.
   * @returns the views that have just been made anew.
   */
  advance(cohort: Cohort, events: readonly RecordedEvent[], caughtUp: boolean): readonly RebuiltView[] {
    const last = events.at(-1);
    const from = cohort[0]?.position;
    const position = last?.position ?? from;
    const isFront = (position ?? '') >= (this.position() ?? '');
    const complete = isFront && (caughtUp || this.views.some((view) => view.position === position && !view.rebuild));
    const categories = events.map((event) => categoryOf(event.stream));
    const folded = cohort
      .map((view) => this.foldOrFail(view, events, categories, complete))
      .filter((result) => result !== undefined);
    const mark =
      isFront && last
        ? { position: last.position, eventId: last.id, previous: events.at(-2)?.position ?? from }
        : undefined;
    try {
      this.writer.commit(
        folded.map(({ changes }) => changes),
        position,
        mark,
      );
    } catch (error) {
      for (const view of this.views) view.documents = new RecentMap(DOCUMENTS_KEPT);
      throw error;
    }
    return this.settle(folded, position);
  }

  private settle(folded: readonly Folded[], position: GlobalPosition | undefined): RebuiltView[] {
    const rebuilt: RebuiltView[] = [];
    for (const { view, changes, documents } of folded) {
      view.position = position;
      for (const [key, document] of documents) {
        if (document === undefined) view.documents.delete(key);
        else view.documents.set(key, document);
      }
      if (!changes.answersFromNow) continue;
      if (view.rebuild) rebuilt.push({ view: view.name, version: view.projection.version, reason: view.rebuild });
      view.rebuild = undefined;
      view.answering = true;
    }
    return rebuilt;
  }

  private foldOrFail(
    view: View,
    events: readonly RecordedEvent[],
    categories: readonly string[],
    complete: boolean,
  ): Folded | undefined {
    const { projection } = view;
    const listens = projection.categories;
    const concerned = listens === 'all' ? events : events.filter((_, at) => listens.includes(categories[at] ?? ''));
    const answersFromNow = complete && (view.rebuild !== undefined || !view.answering);
    let current: RecordedEvent | undefined;
    const noted = function* (): Generator<RecordedEvent> {
      for (const event of concerned) yield (current = event);
    };
    try {
      if (projection.kind === 'entry') {
        const entries = entriesOf(projection as unknown as EntryProjection, noted());
        return { view, changes: { view: view.name, documents: [], entries, answersFromNow }, documents: new Map() };
      }
      const typed = projection as unknown as DocumentProjection<object>;
      const { documents, originals } = this.foldDocuments(view, typed, noted());
      const changed = [...documents].map(([key, document]) => changeOf(typed, key, document, originals.get(key)));
      return { view, changes: { view: view.name, documents: changed, entries: [], answersFromNow }, documents };
    } catch (error) {
      const where = current ? ` at event ${current.id} (${current.type}, ${current.position})` : '';
      view.failed = `view ${view.name} stopped${where}: ${error instanceof Error ? error.message : String(error)}`;
      return undefined;
    }
  }

  private foldDocuments(
    view: View,
    { key: keyOf, fold }: DocumentProjection<object>,
    events: Iterable<RecordedEvent>,
  ): { readonly documents: Map<string, object | undefined>; readonly originals: Map<string, object | undefined> } {
    const documents = new Map<string, object | undefined>();
    const originals = new Map<string, object | undefined>();
    for (const event of events) {
      const key = keyOf(event);
      if (key === undefined) continue;
      const touched = documents.has(key);
      const before = touched ? documents.get(key) : this.known(view, key);
      const after = fold(before, event);
      // Most events of a run leave its row as it was.
      if (after === before && !touched) continue;
      if (!touched) originals.set(key, before);
      documents.set(key, after);
    }
    return { documents, originals };
  }

  private known(view: View, key: string): object | undefined {
    const kept = view.documents.get(key);
    if (kept !== undefined) return kept;
    const json = this.writer.read(view.name, key);
    return json === undefined ? undefined : (JSON.parse(json) as object);
  }

  private running(): View[] {
    return this.views.filter(({ failed }) => failed === undefined);
  }

  private take(progress: readonly ViewProgress[]): void {
    const byName = new Map(this.projections.map((projection) => [projection.name, projection]));
    this.views = progress.map(({ view, position, rebuild, answering }) => {
      const projection = byName.get(view);
      if (!projection) throw new Error(`there is no projection ${view}`);
      return { name: view, projection, documents: new RecentMap(DOCUMENTS_KEPT), position, rebuild, answering };
    });
  }
}

function entriesOf(projection: EntryProjection, events: Iterable<RecordedEvent>): EntryAddition[] {
  const facets = Object.values(projection.facets);
  const fields = Object.values(projection.fields);
  const entries: EntryAddition[] = [];
  for (const event of events) {
    const entry = projection.entry(event);
    if (entry === undefined) continue;
    const valueIn = ({ of }: { of: (doc: unknown) => FieldValue | undefined }): FieldValue => valueOf(of(entry));
    entries.push({
      position: event.position,
      json: JSON.stringify(entry),
      facets: facets.map(valueIn),
      values: fields.map(valueIn),
      text: projection.text(entry),
    });
  }
  return entries;
}

/** @param original the document of the row as it stands, if there is one */
function changeOf(
  projection: DocumentProjection<object>,
  key: string,
  document: object | undefined,
  original: object | undefined,
): DocumentChange {
  if (document === undefined) return { key, json: undefined, values: [], sameValues: false };
  const fields = Object.values(projection.fields);
  const values = fields.map(({ of }) => valueOf(of(document)));
  const sameValues = original !== undefined && fields.every(({ of }, index) => valueOf(of(original)) === values[index]);
  return { key, json: JSON.stringify(document), values, sameValues };
}
