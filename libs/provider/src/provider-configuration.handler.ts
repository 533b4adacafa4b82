import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { RequestContext } from '@app/kernel';
import { accepted, isRefusal, RefusalError } from '@app/kernel';
import type { ExecuteOptions } from '@app/event-store';
import { AggregateCommand, aggregateHandler } from '@app/shell/nest';
import type { ConfigurationInput, WrittenConfiguration } from './configuration-author.js';
import { ConfigurationAuthor } from './configuration-author.js';
import type { TestReport } from './configuration-tester.js';
import { ConfigurationTester } from './configuration-tester.js';
import type { ProviderConfigurationCommand } from './provider-configuration.js';
import { providerConfiguration } from './provider-configuration.js';

/** Enable and disable: they need nothing but the configuration itself. */
export class ProviderConfigurationMessage extends AggregateCommand<ProviderConfigurationCommand> {}

export class CreateProviderConfiguration {
  constructor(
    readonly input: ConfigurationInput,
    readonly context: RequestContext,
  ) {}
}

export class UpdateProviderConfiguration {
  constructor(
    readonly id: string,
    readonly input: ConfigurationInput,
    readonly context: RequestContext,
    readonly options: ExecuteOptions,
  ) {}
}

export class DeleteProviderConfiguration {
  constructor(
    readonly id: string,
    readonly context: RequestContext,
    readonly options: ExecuteOptions,
  ) {}
}

export class TestProviderConfiguration {
  constructor(
    readonly id: string,
    readonly context: RequestContext,
  ) {}
}

@CommandHandler(CreateProviderConfiguration)
export class CreateProviderConfigurationHandler implements ICommandHandler<
  CreateProviderConfiguration,
  WrittenConfiguration
> {
  constructor(private readonly author: ConfigurationAuthor) {}

  async execute({ input, context }: CreateProviderConfiguration): Promise<WrittenConfiguration> {
    return accepted(await this.author.create(input, context));
  }
}

@CommandHandler(UpdateProviderConfiguration)
export class UpdateProviderConfigurationHandler implements ICommandHandler<
  UpdateProviderConfiguration,
  WrittenConfiguration
> {
  constructor(private readonly author: ConfigurationAuthor) {}

  async execute({ id, input, context, options }: UpdateProviderConfiguration): Promise<WrittenConfiguration> {
    return accepted(await this.author.update(id, input, context, options));
  }
}

@CommandHandler(DeleteProviderConfiguration)
export class DeleteProviderConfigurationHandler implements ICommandHandler<DeleteProviderConfiguration, void> {
  constructor(private readonly author: ConfigurationAuthor) {}

  async execute({ id, context, options }: DeleteProviderConfiguration): Promise<void> {
    const refused = await this.author.remove(id, context, options);
    if (isRefusal(refused)) throw new RefusalError(refused);
  }
}

@CommandHandler(TestProviderConfiguration)
export class TestProviderConfigurationHandler implements ICommandHandler<TestProviderConfiguration, TestReport> {
  constructor(private readonly tester: ConfigurationTester) {}

  async execute({ id, context }: TestProviderConfiguration): Promise<TestReport> {
    return accepted(await this.tester.test(id, context));
  }
}

export const providerHandlers = [
  aggregateHandler(ProviderConfigurationMessage, providerConfiguration),
  CreateProviderConfigurationHandler,
  UpdateProviderConfigurationHandler,
  DeleteProviderConfigurationHandler,
  TestProviderConfigurationHandler,
];
