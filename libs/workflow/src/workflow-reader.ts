// Everything that reads workflows for a client: masked, and after what this server has just written.
import type { AggregateStore, EventStore, Loaded } from '@app/event-store';
import type { RecordedEvent, Refusal } from '@app/kernel';
import { isRefusal, streamName } from '@app/kernel';
import type { SecretStore } from '@app/provider';
import type { Page, ViewStore } from '@app/read-model';
import { readPage } from '@app/read-model';
import type { DefinitionDifference } from './definition-diff.js';
import { compareDefinitions } from './definition-diff.js';
import type { WorkflowDefinition } from './definition.js';
import { maskedNodes } from './trigger-secret.js';
import type { WorkflowItem } from './workflow-item.js';
import { workflowItem } from './workflow-item.js';
import type { WorkflowPageInput } from './workflow-page.js';
import { workflowPageQuery } from './workflow-page.js';
import type { WorkflowState } from './workflow.js';
import { isLiving, versionNotFound, versionOf, workflow, workflowNotFound } from './workflow.js';
import { workflowsView } from './workflows-view.js';

export interface VersionItem {
  readonly version: number;
  readonly definitionHash: string;
  /** RFC 3339. */
  readonly activatedAt: string;
  readonly activatedBy: { readonly type: string; readonly id: string; readonly name: string };
  readonly activatedRevision: number;
  /** Whether new runs are pinned to it. */
  readonly isActive: boolean;
}
export interface VersionDetail extends VersionItem, WorkflowDefinition {
  readonly workflowId: string;
}
export interface VersionDifference extends DefinitionDifference {
  readonly workflowId: string;
  readonly version: number;
  /** The other side, `none` when version 1 is compared with nothing. */
  readonly against: number | 'none';
}
export interface Shown {
  readonly item: WorkflowItem;
  readonly revision: number;
}

export class WorkflowReader {
  constructor(
    private readonly views: ViewStore,
    private readonly events: EventStore,
    private readonly aggregates: AggregateStore,
    private readonly secrets: SecretStore,
  ) {}

  async page(input: WorkflowPageInput): Promise<Page<WorkflowItem> | Refusal> {
    const query = workflowPageQuery(input);
    if (isRefusal(query)) return query;
    await this.views.waitFor(this.events.lastAppended);
    const page = await readPage<WorkflowItem>(this.views, query, workflowsView.name);
    return { ...page, items: await Promise.all(page.items.map((item) => this.masked(item))) };
  }

  /** The workflow as it stands, or as it stood at an instant (inclusive, milliseconds). */
  async workflow(id: string, atMs?: number): Promise<Shown | Refusal> {
    const loaded =
      atMs === undefined
        ? await this.aggregates.load(workflow, id)
        : await this.aggregates.loadAt(workflow, id, { atMs });
    return this.shown(id, loaded);
  }

  async shown(id: string, loaded: Loaded<WorkflowState>): Promise<Shown | Refusal> {
    if (!isLiving(loaded.state)) return workflowNotFound();
    return { item: await this.masked(workflowItem(id, loaded.state, loaded)), revision: loaded.revision };
  }

  async summary(): Promise<{ total: number; active: number; byStatus: { status: string; count: number }[] }> {
    await this.views.waitFor(this.events.lastAppended);
    const counted = await Promise.all(
      ['active', 'draft', 'inactive'].map(async (status) => ({
        status,
        count: await this.views.count(workflowsView.name, [{ field: 'status', equals: status }]),
      })),
    );
    const byStatus = counted.filter(({ count }) => count > 0);
    const total = byStatus.reduce((sum, { count }) => sum + count, 0);
    return { total, active: byStatus.find(({ status }) => status === 'active')?.count ?? 0, byStatus };
  }

  /** Newest first; of a deleted workflow as well, because its runs name them. */
  async versions(id: string): Promise<readonly VersionItem[] | Refusal> {
    const { state } = await this.aggregates.load(workflow, id);
    if (state.status === 'none') return workflowNotFound();
    const items = await Promise.all(state.versions.map(({ version }) => this.versionItem(id, state, version)));
    return items.filter((item) => item !== undefined).reverse();
  }

  async version(id: string, version: number): Promise<VersionDetail | Refusal> {
    const { state } = await this.aggregates.load(workflow, id);
    if (state.status === 'none') return workflowNotFound();
    const frozen = versionOf(state, version);
    const item = await this.versionItem(id, state, version);
    if (!frozen || !item) return versionNotFound(version);
    const nodes = await maskedNodes(frozen.definition.nodes, this.secrets);
    return { workflowId: id, ...item, ...frozen.definition, nodes };
  }

  /** What `version` has that `against` has not, and the other way round; without `against`: its predecessor. */
  async difference(id: string, version: number, against?: number): Promise<VersionDifference | Refusal> {
    const { state } = await this.aggregates.load(workflow, id);
    if (state.status === 'none') return workflowNotFound();
    const after = versionOf(state, version);
    if (!after) return versionNotFound(version);
    const other = against ?? version - 1;
    const before = versionOf(state, other);
    if (!before && against !== undefined) return versionNotFound(against);
    return {
      workflowId: id,
      version,
      against: before ? other : 'none',
      ...compareDefinitions(before?.definition ?? { nodes: [], edges: [] }, after.definition),
    };
  }

  private async versionItem(id: string, state: WorkflowState, version: number): Promise<VersionItem | undefined> {
    const frozen = versionOf(state, version);
    const activation = frozen && (await this.eventAt(id, frozen.activatedRevision));
    if (!activation) return undefined;
    const { actor, occurredAt } = activation.metadata;
    return {
      version,
      definitionHash: frozen.definitionHash,
      activatedAt: occurredAt,
      activatedBy: { type: actor.type, id: actor.id, name: actor.name },
      activatedRevision: frozen.activatedRevision,
      isActive: state.status === 'active' && state.activeVersion === version,
    };
  }

  private async eventAt(id: string, revision: number): Promise<RecordedEvent | undefined> {
    const stream = streamName(workflow.category, id);
    for await (const event of this.events.readStream(stream, { from: revision, limit: 1 })) return event;
    return undefined;
  }

  private async masked(item: WorkflowItem): Promise<WorkflowItem> {
    return { ...item, nodes: await maskedNodes(item.nodes, this.secrets) };
  }
}
