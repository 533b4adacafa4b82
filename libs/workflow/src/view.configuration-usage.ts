// Who uses a provider configuration, read from the view.
import type { EventStore } from '@app/event-store';
import type { ConfigurationUser } from '@app/provider';
import { ConfigurationUsage } from '@app/provider';
import type { DocumentRow, ViewStore } from '@app/read-model';
import type { ConfigurationUserDocument } from './workflows-view.js';
import { configurationUsersView } from './workflows-view.js';

const PAGE = 500;

export class ViewConfigurationUsage extends ConfigurationUsage {
  constructor(
    private readonly views: ViewStore,
    private readonly events: EventStore,
  ) {
    super();
  }

  async usersOf(configurationId: string): Promise<readonly ConfigurationUser[]> {
    await this.views.waitFor(this.events.lastAppended);
    const users: ConfigurationUser[] = [];
    let after: DocumentRow<unknown>['place'] | undefined;
    for (;;) {
      const rows: readonly DocumentRow<ConfigurationUserDocument>[] = await this.views.find(
        configurationUsersView.name,
        {
          filters: [{ field: 'configurations', from: 1 }],
          sort: { field: 'configurations', descending: false },
          limit: PAGE,
          ...(after ? { after } : {}),
        },
      );
      for (const { key, doc } of rows) {
        if (doc.configurationIds.includes(configurationId)) users.push({ id: key, name: doc.name, status: doc.status });
      }
      after = rows.at(-1)?.place;
      if (rows.length < PAGE) return users;
    }
  }
}
