// The evidence of one server, as its settings name its parts.
import { join } from 'node:path';
import type { EventStore } from '@app/event-store';
import type { PostgresDatabase } from '@app/event-store/nest';
import type { PinoLogger } from '@app/shell/nest';
import type { EvidenceThreadStart, OpenedEvidence } from '@app/evidence/nest';
import { evidenceServer } from '@app/evidence/nest';
import type { Settings } from './settings.js';

const KEY_FILE = 'evidence.key';

/** Throws EvidenceRefused, StoreError. */
export async function openServerEvidence(
  settings: Settings,
  events: EventStore,
  database: PostgresDatabase | undefined,
  log: PinoLogger,
): Promise<OpenedEvidence> {
  const { openEvidence } = await evidenceServer();
  return openEvidence(evidenceStart(settings), events, database, {
    log: (line) => log.warn(line),
    onState: ({ state, reason }) => {
      if (state === 'working') log.log('the evidence is being made again', {});
      else log.error('the evidence stands still', { state, reason });
    },
  });
}

function evidenceStart(settings: Settings): EvidenceThreadStart {
  const { dataDirectory: directory, eventStoreUrl, viewsUrl: url, viewsSchema: schema } = settings;
  const file = settings.evidenceKeyFile ?? join(directory, KEY_FILE);
  return {
    log:
      eventStoreUrl === undefined ? { kind: 'sqlite', directory } : { kind: 'esdb', connectionString: eventStoreUrl },
    place: url === undefined ? { kind: 'sqlite', directory } : { kind: 'postgres', url, schema },
    key: {
      file,
      memoryFile: `${file}.signed`,
      ...(settings.evidenceKey === undefined ? {} : { text: settings.evidenceKey }),
      ...(settings.evidenceReplacesKey === undefined ? {} : { replaces: settings.evidenceReplacesKey }),
    },
    ...(settings.evidenceOrigin === undefined ? {} : { origin: settings.evidenceOrigin }),
    ...(settings.evidenceAnchorFile === undefined ? {} : { anchorFile: settings.evidenceAnchorFile }),
    witnesses: settings.evidenceWitnesses,
    scrubRate: settings.evidenceScrubRate,
  };
}
