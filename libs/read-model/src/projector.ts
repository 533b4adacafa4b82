// Folds events into views. Views that stand at the same place of the log form a cohort and are folded together; a view
// that is being made anew is a cohort of its own until it has caught up. A view whose fold throws is left where it
// stands, and everything else goes on.
import type { DocumentProjection, EntryProjection, GlobalPosition, Projection, RecordedEvent } from '@app/kernel';
import { categoryOf } from '@app/kernel';
import { RecentMap } from '@app/event-store';
import { type FoldedView, foldEntries, foldRows, keysOf } from './view-fold.js';
import type { RebuiltView, ViewStatus } from './view-store.js';
import type { LogMark, ViewChanges, ViewProgress, ViewWriter } from './view-writer.js';

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
  readonly rows: FoldedView['rows'];
}

const noRows: ReadonlyMap<string, string> = new Map();

export class Projector {
  private views: View[] = [];

  constructor(
    private readonly writer: ViewWriter,
    private readonly projections: readonly Projection[],
  ) {}

  async open(): Promise<void> {
    this.take(await this.writer.open(this.projections));
  }

  /** The views tell about another log than the one at hand: all of them begin anew. */
  async reset(): Promise<void> {
    this.take(await this.writer.reset());
  }

  mark(): Promise<LogMark | undefined> {
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
  async advance(cohort: Cohort, events: readonly RecordedEvent[], caughtUp: boolean): Promise<readonly RebuiltView[]> {
    const last = events.at(-1);
    const from = cohort[0]?.position;
    const position = last?.position ?? from;
    const isFront = (position ?? '') >= (this.position() ?? '');
    const complete = isFront && (caughtUp || this.views.some((view) => view.position === position && !view.rebuild));
    const mark =
      isFront && last
        ? { position: last.position, eventId: last.id, previous: events.at(-2)?.position ?? from }
        : undefined;
    try {
      const folded = await this.fold(cohort, events, complete);
      await this.writer.commit(
        folded.map(({ changes }) => changes),
        position,
        mark,
      );
      return this.settle(folded, position);
    } catch (error) {
      for (const view of this.views) view.documents = new RecentMap(DOCUMENTS_KEPT);
      throw error;
    }
  }

  private async fold(cohort: Cohort, events: readonly RecordedEvent[], complete: boolean): Promise<readonly Folded[]> {
    const categories = events.map((event) => categoryOf(event.stream));
    const all: Folded[] = [];
    for (const view of cohort) {
      const listens = view.projection.categories;
      const concerned = listens === 'all' ? events : events.filter((_, at) => listens.includes(categories[at] ?? ''));
      const answersFromNow = complete && (view.rebuild !== undefined || !view.answering);
      const folded =
        view.projection.kind === 'entry'
          ? attempt(view, concerned, (some) => foldEntries(view.projection as unknown as EntryProjection, some))
          : await this.foldDocuments(view, view.projection as unknown as DocumentProjection<object>, concerned);
      if (!folded) continue;
      const { documents, entries, rows } = folded;
      all.push({ view, changes: { view: view.name, documents, entries, answersFromNow }, rows });
    }
    return all;
  }

  private settle(folded: readonly Folded[], position: GlobalPosition | undefined): RebuiltView[] {
    const rebuilt: RebuiltView[] = [];
    for (const { view, changes, rows } of folded) {
      view.position = position;
      for (const [key, document] of rows) {
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

  /** Rows that are not at hand are asked for all at once: the store may be far away. */
  private async foldDocuments(
    view: View,
    projection: DocumentProjection<object>,
    events: readonly RecordedEvent[],
  ): Promise<FoldedView | undefined> {
    const keys = attempt(view, events, (concerned) => keysOf(projection, concerned));
    if (!keys) return undefined;
    const before = new Map<string, object | undefined>();
    for (const key of keys) {
      if (key !== undefined && !before.has(key)) before.set(key, view.documents.get(key));
    }
    const missing = [...before.keys()].filter((key) => before.get(key) === undefined);
    const stored = missing.length === 0 ? noRows : await this.writer.read(view.name, missing);
    for (const [key, json] of stored) before.set(key, JSON.parse(json) as object);
    return attempt(view, events, (concerned) => foldRows(projection, concerned, keys, before));
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

/** Nothing, when the projection throws: then the view stands still, and says where. */
function attempt<T>(
  view: View,
  events: readonly RecordedEvent[],
  work: (events: Iterable<RecordedEvent>) => T,
): T | undefined {
  let current: RecordedEvent | undefined;
  const noted = function* (): Generator<RecordedEvent> {
    for (const event of events) yield (current = event);
  };
  try {
    return work(noted());
  } catch (error) {
    const where = current ? ` at event ${current.id} (${current.type}, ${current.position})` : '';
    view.failed = `view ${view.name} stopped${where}: ${error instanceof Error ? error.message : String(error)}`;
    return undefined;
  }
}
