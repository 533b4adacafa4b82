// The commands on workflows as messages on the bus, and who handles them.
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { ExecuteOptions } from '@app/event-store';
import type { RequestContext } from '@app/kernel';
import { AggregateCommand, aggregateHandler } from '@app/shell/nest';
import type { Authored } from './workflow-author.js';
import { WorkflowAuthor } from './workflow-author.js';
import type { CreateWorkflow, WorkflowCommand, WorkflowContent } from './workflow.js';
import { workflow } from './workflow.js';

/** Commands that need nothing but their own stream: to draft, to restore a version. */
export class WorkflowMessage extends AggregateCommand<WorkflowCommand> {}
export const WorkflowMessageHandler = aggregateHandler(WorkflowMessage, workflow);

export class CreateWorkflowMessage {
  constructor(
    /** Secrets stand in it in clear. */
    readonly content: WorkflowContent,
    readonly context: RequestContext,
    readonly template?: CreateWorkflow['template'],
  ) {}
}

@CommandHandler(CreateWorkflowMessage)
export class CreateWorkflowHandler implements ICommandHandler<CreateWorkflowMessage, Authored> {
  constructor(private readonly author: WorkflowAuthor) {}

  execute({ content, context, template }: CreateWorkflowMessage): Promise<Authored> {
    return this.author.create(content, context, template);
  }
}

export class CloneWorkflowMessage {
  constructor(
    readonly sourceId: string,
    readonly name: string,
    readonly context: RequestContext,
  ) {}
}

@CommandHandler(CloneWorkflowMessage)
export class CloneWorkflowHandler implements ICommandHandler<CloneWorkflowMessage, Authored> {
  constructor(private readonly author: WorkflowAuthor) {}

  execute({ sourceId, name, context }: CloneWorkflowMessage): Promise<Authored> {
    return this.author.clone(sourceId, name, context);
  }
}

export class UpdateWorkflowMessage {
  constructor(
    readonly id: string,
    /** Secrets stand in it in clear, or as the mask of what is stored. */
    readonly content: WorkflowContent,
    readonly context: RequestContext,
    readonly options: ExecuteOptions,
  ) {}
}

@CommandHandler(UpdateWorkflowMessage)
export class UpdateWorkflowHandler implements ICommandHandler<UpdateWorkflowMessage, Authored> {
  constructor(private readonly author: WorkflowAuthor) {}

  execute({ id, content, context, options }: UpdateWorkflowMessage): Promise<Authored> {
    return this.author.update(id, content, context, options);
  }
}

class LifeMessage {
  constructor(
    readonly id: string,
    readonly context: RequestContext,
    readonly options: ExecuteOptions,
  ) {}
}
export class ActivateWorkflowMessage extends LifeMessage {}
export class DeactivateWorkflowMessage extends LifeMessage {}
export class DeleteWorkflowMessage extends LifeMessage {}

@CommandHandler(ActivateWorkflowMessage)
export class ActivateWorkflowHandler implements ICommandHandler<ActivateWorkflowMessage, Authored> {
  constructor(private readonly author: WorkflowAuthor) {}

  execute({ id, context, options }: ActivateWorkflowMessage): Promise<Authored> {
    return this.author.activate(id, context, options);
  }
}

@CommandHandler(DeactivateWorkflowMessage)
export class DeactivateWorkflowHandler implements ICommandHandler<DeactivateWorkflowMessage, Authored> {
  constructor(private readonly author: WorkflowAuthor) {}

  execute({ id, context, options }: DeactivateWorkflowMessage): Promise<Authored> {
    return this.author.deactivate(id, context, options);
  }
}

@CommandHandler(DeleteWorkflowMessage)
export class DeleteWorkflowHandler implements ICommandHandler<DeleteWorkflowMessage, Authored> {
  constructor(private readonly author: WorkflowAuthor) {}

  execute({ id, context, options }: DeleteWorkflowMessage): Promise<Authored> {
    return this.author.delete(id, context, options);
  }
}
