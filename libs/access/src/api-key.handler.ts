import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { RequestContext } from '@app/kernel';
import { accepted } from '@app/kernel';
import type { Loaded } from '@app/event-store';
import type { ApiKeyState } from './api-key.js';
import type { IssuedKey, KeyOrder } from './api-key-office.js';
import { ApiKeyOffice } from './api-key-office.js';

export class CreateApiKey {
  constructor(
    readonly order: KeyOrder,
    readonly context: RequestContext,
  ) {}
}

export class RevokeApiKey {
  constructor(
    readonly id: string,
    readonly context: RequestContext,
  ) {}
}

@CommandHandler(CreateApiKey)
export class CreateApiKeyHandler implements ICommandHandler<CreateApiKey, IssuedKey> {
  constructor(private readonly office: ApiKeyOffice) {}

  async execute({ order, context }: CreateApiKey): Promise<IssuedKey> {
    return accepted(await this.office.issue(this.office.draft(order), context));
  }
}

@CommandHandler(RevokeApiKey)
export class RevokeApiKeyHandler implements ICommandHandler<RevokeApiKey, Loaded<ApiKeyState>> {
  constructor(private readonly office: ApiKeyOffice) {}

  async execute({ id, context }: RevokeApiKey): Promise<Loaded<ApiKeyState>> {
    return accepted(await this.office.revoke(id, context));
  }
}
