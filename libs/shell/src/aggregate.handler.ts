// The generated handler for commands that need nothing but their own stream: read, decide, append.
import type { Type } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Decider, DomainEvent, RequestContext } from '@app/kernel';
import { accepted } from '@app/kernel';
import type { Executed, ExecuteOptions } from '@app/event-store';
import { AggregateStore } from '@app/event-store';

/** A message on the command bus: which aggregate, what is asked, by whom. One subclass per aggregate. */
export class AggregateCommand<C = unknown> {
  constructor(
    readonly id: string,
    readonly command: C,
    readonly context: RequestContext,
    readonly options: ExecuteOptions = {},
  ) {}
}

/**
 * `class WorkflowCommandMessage extends AggregateCommand<WorkflowCommand> {}` and
 * `aggregateHandler(WorkflowCommandMessage, workflow)` in the module's providers. The bus then answers with the
 * aggregate after the command (`Executed`); a refusal is thrown as RefusalError.
 */
export function aggregateHandler<C, S, E extends DomainEvent>(
  message: Type<AggregateCommand<C>>,
  decider: Decider<C, S, E>,
): Type<ICommandHandler> {
  @CommandHandler(message)
  class AggregateHandler implements ICommandHandler<AggregateCommand<C>, Executed<S, E>> {
    constructor(private readonly aggregates: AggregateStore) {}

    async execute({ id, command, context, options }: AggregateCommand<C>): Promise<Executed<S, E>> {
      return accepted(await this.aggregates.execute(decider, id, command, context, options));
    }
  }
  return AggregateHandler;
}
