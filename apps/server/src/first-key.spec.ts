import type { RequestContext } from '@app/kernel';
import { engineActor } from '@app/kernel';
import { RandomIdSource, SystemClock } from '@app/kernel/nest';
import { AggregateStore, Reservations } from '@app/event-store';
import { MemoryEventStore } from '@app/event-store/nest';
import { AccessPolicy, apiKey, ApiKeyOffice, KeySecrets, parseApiKey } from '@app/access';
import { SqliteViews } from '@app/read-model/nest';
import { isFirstKeyDue, issueFirstKey } from './first-key.js';
import { projections } from './projections.js';
import { ViewStoreApiKeyDirectory } from './view-store.api-key-directory.js';

class PlainSecrets extends KeySecrets {
  private count = 0;
  newSecret(): string {
    this.count += 1;
    return String(this.count).padStart(28, '0');
  }
  keyedHash(keyText: string): string {
    return keyText;
  }
  matches(keyText: string, keyedHash: string): boolean {
    return keyText === keyedHash;
  }
}

async function house() {
  const [clock, ids, events] = [new SystemClock(), new RandomIdSource(), new MemoryEventStore()];
  const aggregates = new AggregateStore(events, ids, clock);
  const reservations = new Reservations(aggregates, clock);
  const views = await SqliteViews.openInProcess({ directory: ':memory:', events, projections });
  const directory = new ViewStoreApiKeyDirectory(views, events);
  const policy = new AccessPolicy('keys');
  const office = new ApiKeyOffice(aggregates, reservations, directory, new PlainSecrets(), policy, ids, clock);
  const shown: string[] = [];
  const issue = () => issueFirstKey(office, (key) => shown.push(key), ids, clock);
  const nameOf = async (key: string | undefined) => {
    const parsed = parseApiKey(key ?? '');
    const id = typeof parsed === 'object' ? parsed.id : '';
    return (await aggregates.load(apiKey, id)).state?.name;
  };
  return { clock, ids, events, reservations, office, shown, issue, nameOf };
}

const context: RequestContext = { actor: engineActor, channel: 'engine', correlationId: 'c' };

describe('the first key', () => {
  it('is due until a key was created, and never again, also when that one was revoked', async () => {
    const { events, office, shown, issue, nameOf } = await house();
    expect(await isFirstKeyDue(events)).toBe(true);
    await issue();
    expect(await isFirstKeyDue(events)).toBe(false);
    expect(await nameOf(shown[0])).toBe('administrator');
    const second = await office.issue(office.draft({ name: 'ana' }), context);
    const parsed = parseApiKey(shown[0] ?? '');
    await office.revoke(typeof parsed === 'object' ? parsed.id : '', context);
    expect(second).toHaveProperty('key');
    expect(await isFirstKeyDue(events)).toBe(false);
  });

  it('is on the screen before it is in the log: no key exists that nobody has seen', async () => {
    const { events, office, ids, clock } = await house();
    const dies = (): void => {
      throw new Error('killed');
    };
    await expect(issueFirstKey(office, dies, ids, clock)).rejects.toThrow('killed');
    expect(await isFirstKeyDue(events)).toBe(true);
  });

  it('is issued also when an earlier start died while it held the name', async () => {
    const { events, reservations, shown, issue, nameOf } = await house();
    const claim = { scope: 'apiKey.name', value: 'administrator', ownerStream: 'apiKey-of-a-start-that-died' };
    await reservations.claim(claim, context, () => Promise.resolve(false));
    await issue();
    expect(await isFirstKeyDue(events)).toBe(false);
    expect(await nameOf(shown[0])).toMatch(/^administrator /);
  });
});
