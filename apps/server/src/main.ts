// The process: settings in, one line out, signals to a drained end.
import { isStoreError } from '@app/event-store';
import { after } from '@app/shell/nest';
import type { RunningServer } from './server.worker.js';
import { startServer, STOP_LIMIT_MS } from './server.worker.js';
import { parseSettings, SettingsError } from './settings.js';
import type { Settings } from './settings.js';
import { productVersion } from './version.worker.js';

function end(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

function settingsOrEnd(): Settings {
  try {
    return parseSettings(process.env);
  } catch (error) {
    if (error instanceof SettingsError) end(`runledger cannot start: ${error.problems.join('; ')}`);
    throw error;
  }
}

/** What an operator can act on, in one line; the stack is for developers and stays out. */
function reasonOf(error: unknown, { host, port, dataDirectory }: Settings): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `port ${port} on ${host} is in use; stop what listens there, or set PORT`;
  if (code === 'EADDRNOTAVAIL') return `${host} is not an address of this machine; set HOST`;
  if (code === 'EACCES' && message.includes('listen')) return `port ${port} may not be used by this user; set PORT`;
  if (isStoreError(error)) return `the data directory ${dataDirectory} cannot be used: ${message}`;
  return message ? message.replace(/\s*\n\s*/g, ' ') : String(error);
}

function stopOnSignals(server: RunningServer): void {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    after(STOP_LIMIT_MS, () => process.exit(1));
    server.close(signal).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

// Inputs and outputs of runs stand in the data directory: what this process creates is for its own user alone.
process.umask(0o077);

const settings = settingsOrEnd();
try {
  const server = await startServer(settings);
  stopOnSignals(server);
  const { dataDirectory, auth } = settings;
  process.stdout.write(
    `Runledger ${productVersion()} listening on ${server.url} (data: ${dataDirectory}, auth: ${auth})\n`,
  );
} catch (error) {
  end(`runledger cannot start: ${reasonOf(error, settings)}`);
}
