// npm run bootstrap: sets, as an administrator of the EventStoreDB, who may do what there. What the server does at start is only
// to look whether that was done.
import { isStoreError } from '@app/event-store';
import { bootstrapEsdb } from '@app/event-store/nest';

type Environment = Readonly<Record<string, string | undefined>>;

/** @returns the exit status; says what it did by `say`, which never gets a secret. */
export async function bootstrap(environment: Environment, say: (line: string) => void): Promise<number> {
  const { EVENTSTORE_ADMIN_URL: connectionString, EVENTSTORE_USER: engineUser } = environment;
  if (!connectionString || !engineUser) {
    say('bootstrap needs EVENTSTORE_ADMIN_URL, the connection string of an administrator of the EventStoreDB, and');
    say('EVENTSTORE_USER, the name of the user that the server will be.');
    return 2;
  }
  try {
    for (const { stream, changed } of await bootstrapEsdb({ connectionString, engineUser })) {
      say(`${stream} ${changed ? 'is set' : 'was as it should be'}`);
    }
  } catch (error) {
    if (!isStoreError(error)) throw error;
    say(`bootstrap failed: ${error.message}`);
    return 1;
  }
  say(`${engineUser} may append and read; nobody but $admins may delete, truncate or change metadata.`);
  return 0;
}
