// What an auditor would be told of a log that holds these events, were it signed now.
import type { VerifyReport } from '@app/evidence';
import { isLeafStream, verifyBundle, writeBundle } from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { runRule } from '@app/execution';
import type { RecordedEvent } from '@app/kernel';
import { sha256 } from '@app/kernel';
import { logSigner, SampleLog } from './sample-log.js';

/** @param events all of a log, in its order. */
export async function verifyEvents(events: readonly RecordedEvent[]): Promise<VerifyReport> {
  const log = new SampleLog(events.filter(({ stream }) => isLeafStream(stream)));
  const bundle = writeBundle(await log.contents(), log.leaves, sha256);
  const { key } = logSigner;
  return verifyBundle(bundle, { sha256, verify: verifyEd25519, key, nowMs: 0, rules: [runRule()] });
}
