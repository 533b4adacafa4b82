// What an auditor gets from a server: checkpoints, tiles, proofs and bundles, which are verified here without trusting it.
import { createHash } from 'node:crypto';
import type { VerifyReport } from '@app/evidence';
import {
  bytesOfBase64,
  CompactRange,
  hashesOf,
  hexOf,
  isConsistent,
  isIncluded,
  openKnown,
  parseConsistency,
  parseLeafEntry,
  parseVerifierKey,
  treeHasher,
  unpackEntries,
  utf8Of,
  verifyBundle,
} from '@app/evidence';
import { verifyEd25519 } from '@app/evidence/nest';
import { runRule } from '@app/execution';
import { sha256 } from '@app/kernel';
import { storeConfigurations } from '../support/store-configurations.js';
import { chain, executor } from './definitions.js';
import type { World } from './world.js';
import { openWorld, text, unknownId, uuid } from './world.js';

const hasher = treeHasher(sha256);

describe.each(storeConfigurations())('on $name', (configuration) => {
  let world: World;
  let workflowId: string;
  let executionId: string;

  beforeAll(async () => {
    world = await openWorld(configuration);
    const { client, provider } = world;
    provider.on('/ok', () => [200, { decision: 'ALLOW' }]);
    const providerId = await client.provider('proved', { base_url: provider.url, api_key: 'k-1' });
    workflowId = await client.active(chain('proved', executor('call', providerId, { endpointName: 'ok' })));
    executionId = (await client.run(workflowId, { document: 'd' }, 'proved')).executionId;
    const [last] = (await client.made(client.get('/v1/audit-events?limit=1'))).items;
    await signed(last.eventId);
  }, 60_000);
  afterAll(() => world.close(), 30_000);

  const textOf = async (path: string): Promise<string> => {
    const answer = await world.client.get(path);
    expect([path, answer.status]).toEqual([path, 200]);
    return answer.text;
  };
  const bytesOf = async (path: string): Promise<Uint8Array> => {
    const response = await fetch(world.client.url + path);
    expect([path, response.status]).toEqual([path, 200]);
    return new Uint8Array(await response.arrayBuffer());
  };
  const keyOf = async () => parseVerifierKey((await textOf('/v1/evidence/key')).trim(), sha256);
  const checkpointOf = async () => {
    const note = await textOf('/v1/evidence/checkpoint');
    const { checkpoint } = await openKnown('it', note, await keyOf(), verifyEd25519);
    return { ...checkpoint, note };
  };
  const verified = async (path: string, known: readonly string[] = []): Promise<VerifyReport> => {
    const key = await keyOf();
    const opened = await Promise.all(known.map((note, at) => openKnown(`kept ${at}`, note, key, verifyEd25519)));
    const options = { sha256, verify: verifyEd25519, key, known: opened, rules: [runRule()], nowMs: Date.now() };
    return verifyBundle([await bytesOf(path)], options);
  };

  it('a checkpoint is a note that the key of the log signed', async () => {
    const { size, origin } = await checkpointOf();
    expect(size).toBeGreaterThan(5);
    expect(origin).toMatch(configuration.shared ? /^runledger\.test\/log$/ : /^runledger\.local\//);
  });

  it('tiles and entries make up the signed tree', async () => {
    const { size, root, origin } = await checkpointOf();
    const hashes = hashesOf(await bytesOf(`/v1/evidence/tile/0/000.p/${size}`));
    const entries = unpackEntries(await bytesOf(`/v1/evidence/entries/000.p/${size}`));
    expect(await bytesOf(`/v1/evidence/tile/entries/000.p/${size}`)).toEqual(
      await bytesOf(`/v1/evidence/entries/000.p/${size}`),
    );
    const range = new CompactRange(hasher);
    for (const [index, entry] of entries.entries()) {
      expect(parseLeafEntry(entry)).toMatchObject({ idx: String(index), log: origin });
      expect(hexOf(hasher.leaf(entry))).toBe(hexOf(hashes[index] as Uint8Array));
      range.append(hasher.leaf(entry));
    }
    expect(hexOf(range.root())).toBe(hexOf(root));
  });

  it('an entry of the audit trail carries its leaf and the one before it, and its event can be proved', async () => {
    const { client } = world;
    const { items } = await client.made(client.get(`/v1/audit-events?resourceId=${workflowId}&sortOrder=ASC`));
    const [created, activated] = [items[0], items.at(-1)];
    expect(created).toMatchObject({ eventType: 'WORKFLOW_CREATED', hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(created).not.toHaveProperty('previousHash');
    expect(activated).toMatchObject({ previousHash: items.at(-2).hash, leafIndex: expect.any(Number) });
    const single = await client.made(client.get(`/v1/audit-events/${activated.eventId}`));
    expect([single.hash, single.leafIndex]).toEqual([activated.hash, activated.leafIndex]);
    const proof = await client.made(client.get(`/v1/evidence/events/${activated.eventId}/proof`));
    expect(proof).toMatchObject({ eventId: activated.eventId, leafIndex: activated.leafIndex });
    const leafHash = hasher.leaf(utf8Of(proof.entry));
    expect(hexOf(leafHash)).toBe(activated.hash);
    const { checkpoint } = await openKnown('it', proof.checkpoint, await keyOf(), verifyEd25519);
    const claim = { index: proof.leafIndex, size: proof.treeSize, leafHash, root: checkpoint.root };
    const hashes = proof.proof.map((one: string) => bytesOfBase64(one));
    expect([checkpoint.size, isIncluded(hasher, { ...claim, proof: hashes })]).toEqual([proof.treeSize, true]);
  });

  it('is asked about an entry: recomputed from the log, and proved', async () => {
    const { client } = world;
    const [entry] = (await client.made(client.get('/v1/audit-events?eventType=EXECUTION_COMPLETED'))).items;
    expect(await client.made(client.get(`/v1/audit-events/${entry.eventId}/verify`))).toEqual({
      isValid: true,
      totalChecked: 1,
      message: expect.stringContaining('is what was recorded'),
      leafIndex: entry.leafIndex,
      treeSize: expect.any(Number),
      proof: expect.any(Array),
      checkpoint: text,
    });
    expect((await client.get(`/v1/audit-events/${unknownId}/verify`)).body.code).toBe('FLK-0600');
  });

  it('whoever kept a checkpoint is shown that the log went on from there', async () => {
    const kept = await checkpointOf();
    const [entry] = await moreEvents();
    await signed(entry ?? '');
    const now = await checkpointOf();
    expect(now.size).toBeGreaterThan(kept.size);
    const answer = parseConsistency(await textOf(`/v1/evidence/consistency?from=${kept.size}&to=${now.size}`));
    const claim = { size1: kept.size, root1: kept.root, size2: now.size, root2: now.root };
    expect(isConsistent(hasher, { ...claim, proof: answer.proof })).toBe(true);
    expect((await verified('/v1/evidence/export', [kept.note])).level).toBe('L2');
  });

  it('the whole log is one bundle that verifies', async () => {
    const { size } = await checkpointOf();
    const report = await verified('/v1/evidence/export');
    expect(report.defects).toEqual([]);
    expect(report).toMatchObject({ verdict: 'verified', level: 'L1', bundle: { kind: 'log', from: 0 } });
    expect(report.counts.leaves).toBeGreaterThanOrEqual(size);
  });

  it('a stretch of the log is a bundle, and a run is one with its definition', async () => {
    const stretch = await verified('/v1/evidence/export?from=2&to=5');
    expect([stretch.defects, stretch.verdict]).toEqual([[], 'verified']);
    expect(stretch).toMatchObject({ bundle: { kind: 'range', from: 2, to: 5 }, counts: { leaves: 3 } });
    const run = await verified(`/v1/executions/${executionId}/evidence`);
    expect([run.defects, run.verdict]).toEqual([[], 'verified']);
    expect(run).toMatchObject({
      level: 'L1',
      bundle: { kind: 'streams' },
      counts: { streams: 1, replayed: 1, definitions: 1 },
    });
  });

  it('says how it stands', async () => {
    const status = await world.client.made(world.client.get('/v1/evidence/status'));
    const { vkey } = status.keys[0];
    expect(status).toMatchObject({
      state: 'working',
      sequences: true,
      size: expect.any(Number),
      signed: { size: expect.any(Number), at: expect.stringMatching(/Z$/) },
      scrub: { checkedTo: expect.any(Number) },
      anchors: [],
    });
    expect(await textOf(`/v1/evidence/key?id=${vkey.split('+')[1]}`)).toBe(`${vkey}\n`);
    expect((await world.client.get('/readyz')).body.checks.evidence).toEqual({ status: 'up' });
    const metrics = (await world.client.get('/metrics')).text;
    expect(metrics).toMatch(/^runledger_evidence_signed_leaves [1-9]/m);
    expect(metrics).toMatch(/^runledger_evidence_failed 0/m);
  });

  it.each([
    ['/v1/evidence/tile/0/zzz', 400, 'FLK-0002', 'path'],
    ['/v1/evidence/tile/0/000.p/0', 400, 'FLK-0002', 'path'],
    ['/v1/evidence/entries/x01/234', 400, 'FLK-0002', 'path'],
    ['/v1/evidence/tile/0/999', 404, 'EVIDENCE_NOT_FOUND', undefined],
    ['/v1/evidence/tile/5/000.p/1', 404, 'EVIDENCE_NOT_FOUND', undefined],
    ['/v1/evidence/entries/999', 404, 'EVIDENCE_NOT_FOUND', undefined],
    ['/v1/evidence/events/7/proof', 400, 'FLK-0002', 'id'],
    [`/v1/evidence/events/${unknownId}/proof`, 404, 'EVIDENCE_NOT_FOUND', undefined],
    ['/v1/evidence/consistency', 400, 'FLK-0304', 'from'],
    ['/v1/evidence/consistency?from=0', 400, 'FLK-0304', 'from'],
    ['/v1/evidence/consistency?from=x', 400, 'FLK-0304', 'from'],
    ['/v1/evidence/consistency?from=999999', 400, 'FLK-0304', 'from'],
    ['/v1/evidence/consistency?from=1&to=999999', 404, 'EVIDENCE_NOT_FOUND', undefined],
    ['/v1/evidence/export?from=-1', 400, 'FLK-0304', 'from'],
    ['/v1/evidence/export?from=3&to=3', 400, 'FLK-0304', 'from'],
    ['/v1/evidence/export?to=999999', 400, 'FLK-0304', 'to'],
    ['/v1/evidence/export?to=0', 400, 'FLK-0304', 'to'],
    ['/v1/evidence/export?colour=red', 400, 'FLK-0304', 'colour'],
    ['/v1/evidence/key?id=x', 400, 'FLK-0304', 'id'],
    ['/v1/evidence/key?id=00000000', 404, 'EVIDENCE_NOT_FOUND', undefined],
    ['/v1/executions/7/evidence', 400, 'FLK-0002', 'id'],
    [`/v1/executions/${unknownId}/evidence`, 404, 'FLK-0500', undefined],
  ])('%s is answered %i %s', async (path, status, code, field) => {
    const answer = await world.client.get(path);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body.fields?.[0]?.field).toBe(field);
  });

  it('what will never be otherwise may be kept, and what is downloaded has a name', async () => {
    const { headers } = await world.client.get('/v1/evidence/tile/0/000.p/2');
    expect(headers['cache-control']).toBe('private, max-age=60');
    const bundle = await world.client.get('/v1/evidence/export?from=0&to=2');
    expect(bundle.headers).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': 'attachment; filename="evidence-0-2.tar"',
    });
    expect(createHash('sha256').update(bundle.text).digest()).toHaveLength(32);
  });

  /** Whoever asks for the proof of an event waits until it is signed; on a busy machine more than once. */
  async function signed(eventId: string): Promise<void> {
    for (;;) {
      const answer = await world.client.get(`/v1/evidence/events/${eventId}/proof`);
      if (answer.status === 200) return;
      expect([answer.status, answer.body.code]).toEqual([503, 'EVIDENCE_PENDING']);
    }
  }

  async function moreEvents(): Promise<string[]> {
    const { client } = world;
    await client.draft(chain(world.fresh('more')));
    const { items } = await client.made(client.get('/v1/audit-events?eventType=WORKFLOW_CREATED&limit=1'));
    expect(items[0].eventId).toEqual(uuid);
    return [items[0].eventId];
  }
});
