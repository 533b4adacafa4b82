// Everything that writes workflows: gathers the facts that a decision needs, claims what must be unique, keeps the secrets.
import type { AggregateStore, Executed, ExecuteOptions, Loaded } from '@app/event-store';
import { isStoreError, revisionConflict } from '@app/event-store';
import type { IdSource, Refusal, RequestContext } from '@app/kernel';
import { accepted, isRefusal, refuse, RefusalError } from '@app/kernel';
import type { SecretStore } from '@app/provider';
import { noProviderFindings } from './definition-check.js';
import { providerFindingsOf } from './executor-check.js';
import { copiedNodes, sealedNodes, secretIdsOf, unmaskedNodes } from './trigger-secret.js';
import { webhookRoutesOf } from './webhook-route.js';
import type { WorkflowClaims } from './workflow-claims.js';
import type { WorkflowEvent } from './workflow-events.js';
import type { CreateWorkflow, WorkflowCommand, WorkflowContent, WorkflowState } from './workflow.js';
import { isLiving, workflow, workflowNotFound } from './workflow.js';

export interface Authored extends Executed<WorkflowState, WorkflowEvent> {
  readonly id: string;
}

/** What to take back when nothing was recorded. */
type Undo = () => Promise<void>;

export class WorkflowAuthor {
  constructor(
    private readonly aggregates: AggregateStore,
    private readonly claims: WorkflowClaims,
    private readonly secrets: SecretStore,
    private readonly ids: IdSource,
  ) {}

  /** `sent` holds secrets in clear. */
  async create(
    sent: WorkflowContent,
    context: RequestContext,
    template?: CreateWorkflow['template'],
  ): Promise<Authored> {
    const id = this.ids.next();
    const content = await this.unmasked(sent);
    const command: CreateWorkflow = {
      kind: 'CreateWorkflow',
      content,
      providerFindings: await providerFindingsOf(content, this.aggregates),
      ...(template ? { template } : {}),
    };
    accepted(workflow.decide(command, workflow.initial));
    await this.claims.claimName(id, content.name, context);
    const undo = [() => this.claims.releaseName(id, content.name, context)];
    return this.undoing(undo, async () => {
      const sealed = await this.sealed(content, undefined, undo);
      return this.execute(id, { ...command, content: sealed }, context);
    });
  }

  /** A copy without metadata, in any status of the source; throws RefusalError FLK-0100 when there is none. */
  async clone(sourceId: string, name: string, context: RequestContext): Promise<Authored> {
    const source = (await this.aggregates.load(workflow, sourceId)).state;
    if (!isLiving(source)) throw new RefusalError(workflowNotFound());
    const id = this.ids.next();
    const { metadata: _metadata, ...copied } = source.content;
    const command = {
      kind: 'CloneWorkflow' as const,
      content: { ...copied, name },
      sourceWorkflowId: sourceId,
      sourceName: source.content.name,
    };
    accepted(workflow.decide(command, workflow.initial));
    await this.claims.claimName(id, name, context);
    const undo = [() => this.claims.releaseName(id, name, context)];
    return this.undoing(undo, async () => {
      const { nodes, created } = await copiedNodes(copied.nodes, this.secrets);
      undo.push(() => this.secrets.delete(created));
      return this.execute(id, { ...command, content: { ...command.content, nodes } }, context);
    });
  }

  async update(
    id: string,
    sent: WorkflowContent,
    context: RequestContext,
    options: ExecuteOptions = {},
  ): Promise<Authored> {
    const loaded = await this.aggregates.load(workflow, id);
    const { state } = loaded;
    const pinned = this.pinned(loaded, options);
    if (!isLiving(state) || state.status !== 'draft') throw new RefusalError(updateRefusal(sent, state));
    const before = state.content;
    const content = await this.unmasked(sent, before);
    const providerFindings = await providerFindingsOf(content, this.aggregates);
    const command = { kind: 'UpdateWorkflow' as const, content, providerFindings };
    accepted(workflow.decide(command, state));
    const undo: Undo[] = [];
    if (content.name !== before.name) {
      await this.claims.claimName(id, content.name, context);
      undo.push(() => this.claims.releaseName(id, content.name, context));
    }
    const done = await this.undoing(undo, async () => {
      const sealed = await this.sealed(content, before, undo);
      return this.execute(id, { ...command, content: sealed }, context, pinned);
    });
    const renamed = content.name !== before.name;
    await tidied(
      ...(renamed ? [this.claims.releaseName(id, before.name, context)] : []),
      this.forgetUnused(secretIdsOf(before), done.state),
    );
    return done;
  }

  async activate(id: string, context: RequestContext, options: ExecuteOptions = {}): Promise<Authored> {
    const loaded = await this.aggregates.load(workflow, id);
    const { state } = loaded;
    const pinned = this.pinned(loaded, options);
    const providerFindings = isLiving(state)
      ? await providerFindingsOf(state.content, this.aggregates)
      : noProviderFindings;
    const command = { kind: 'ActivateWorkflow' as const, providerFindings };
    if (!isLiving(state)) return this.execute(id, command, context, pinned);
    accepted(workflow.decide(command, state));
    const routes = webhookRoutesOf(state.content);
    await this.claims.claimRoutes(id, routes, context);
    const undo = [() => this.claims.releaseRoutes(id, routes, context)];
    return this.undoing(undo, () => this.execute(id, command, context, pinned));
  }

  async deactivate(id: string, context: RequestContext, options: ExecuteOptions = {}): Promise<Authored> {
    const done = await this.execute(id, { kind: 'DeactivateWorkflow' }, context, options);
    if (done.state.status === 'none') return done;
    await tidied(this.claims.releaseRoutes(id, webhookRoutesOf(done.state.content), context));
    return done;
  }

  async delete(id: string, context: RequestContext, options: ExecuteOptions = {}): Promise<Authored> {
    const done = await this.execute(id, { kind: 'DeleteWorkflow' }, context, options);
    if (done.state.status === 'none') return done;
    const { content, versions } = done.state;
    const definitions = [content, ...versions.map((version) => version.definition)];
    await tidied(
      this.claims.releaseName(id, content.name, context),
      this.claims.releaseRoutes(id, webhookRoutesOf(content), context),
      this.secrets.delete([...new Set(definitions.flatMap(secretIdsOf))]),
    );
    return done;
  }

  private async execute(
    id: string,
    command: WorkflowCommand,
    context: RequestContext,
    options: ExecuteOptions = {},
  ): Promise<Authored> {
    return { id, ...accepted(await this.aggregates.execute(workflow, id, command, context, options)) };
  }

  /**
   * The facts were gathered for the state just read, so the decision must be about that state: a lost race is a conflict.
   * Another revision that the caller named is refused here: by the time of the append it could be the current one.
   */
  private pinned({ revision }: Loaded<WorkflowState>, { expectedRevision = revision }: ExecuteOptions): ExecuteOptions {
    if (expectedRevision !== revision) throw new RefusalError(revisionConflict(expectedRevision, revision));
    return { expectedRevision };
  }

  private async unmasked(sent: WorkflowContent, before?: WorkflowContent): Promise<WorkflowContent> {
    const { nodes, findings } = await unmaskedNodes(sent.nodes, before?.nodes ?? [], this.secrets);
    const [first] = findings;
    if (first) throw new RefusalError(refuse('invalid', 'FLK-0001', `${first.field} ${first.message}`, findings));
    return { ...sent, nodes };
  }

  private async sealed(content: WorkflowContent, before: WorkflowContent | undefined, undo: Undo[]) {
    const { nodes, created } = await sealedNodes(content.nodes, before?.nodes ?? [], this.secrets);
    undo.push(() => this.secrets.delete(created));
    return { ...content, nodes };
  }

  /** Deletes the secrets that neither the content nor any frozen version refers to any more. */
  private async forgetUnused(ids: readonly string[], state: WorkflowState): Promise<void> {
    if (state.status === 'none') return;
    const definitions = [state.content, ...state.versions.map((version) => version.definition)];
    const used = new Set(definitions.flatMap(secretIdsOf));
    await this.secrets.delete(ids.filter((id) => !used.has(id)));
  }

  /** Takes back what was prepared, unless it may have been recorded all the same. */
  private async undoing<T>(undo: readonly Undo[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isStoreError(error, 'AppendOutcomeUnknown')) await tidied(...undo.map((step) => step()));
      throw error;
    }
  }
}

/** Why what is no draft cannot be updated. Decided on the state at hand: what was sent holds secrets in clear. */
function updateRefusal(sent: WorkflowContent, state: WorkflowState): Refusal {
  const probe = { kind: 'UpdateWorkflow' as const, content: sent, providerFindings: noProviderFindings };
  const decision = workflow.decide(probe, state);
  if (!isRefusal(decision)) throw new Error('only a draft can be updated');
  return decision;
}

/**
 * What is done after the outcome is settled never changes the answer: a claim that could not be released is taken over by
 * whoever asks for it next, and a secret nobody refers to harms nobody.
 */
async function tidied(...work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work);
}
