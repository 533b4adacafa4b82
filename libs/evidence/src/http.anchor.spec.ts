import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '@app/kernel';
import { anchorContract, publicationOf } from './anchor.contract.js';
import { parseCheckpoint } from './checkpoint.js';
import type { TreeHead } from './checkpoint.js';
import { HttpAnchor } from './http.anchor.js';
import { ed25519Signer } from './node.signature.js';
import { parseNote, signatureLine } from './note.js';
import { formatVerifierKey } from './note-key.js';
import { cosignNote } from './note-signature.js';
import { isConsistent } from './proof-check.js';
import { parseConsistency } from './proof-text.js';
import { treeHasher } from './tree-hasher.js';

const hasher = treeHasher(sha256);
const witness = ed25519Signer('witness.example/w1', new Uint8Array(32).fill(3), 'cosignature/v1');
const stranger = ed25519Signer('witness.example/w1', new Uint8Array(32).fill(4), 'cosignature/v1');
const NOW = 1_780_000_000;
const never = new AbortController().signal;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

/** What C2SP tlog-witness says of add-checkpoint, as far as a client meets it. */
class Witness {
  last: TreeHead | undefined;
  asked: number[] = [];
  scripted: Answer | undefined;
  signer = witness;

  async answer(path: string, body: string): Promise<Answer> {
    if (path !== '/prefix/add-checkpoint') return { status: 404, body: 'no such thing\n' };
    const { size1, proof, checkpoint } = parseConsistency(body);
    this.asked.push(size1);
    if (this.scripted) return this.scripted;
    const { text } = parseNote(checkpoint);
    const head = parseCheckpoint(text);
    const known = this.last?.size ?? 0;
    if (size1 !== known) return { status: 409, body: `${known}\n`, type: 'text/x.tlog.size' };
    const claim = { size1, size2: head.size, root2: head.root, proof };
    const isSame = this.last && Buffer.from(this.last.root).equals(Buffer.from(head.root));
    if (size1 === head.size && !isSame) return { status: 409, body: `${known}\n`, type: 'text/x.tlog.size' };
    if (this.last && !isConsistent(hasher, { ...claim, root1: this.last.root })) return { status: 422, body: 'no\n' };
    this.last = head;
    return { status: 200, body: signatureLine(await cosignNote(text, this.signer, NOW)) };
  }
}

let server: Server;
let behind: Witness;
let anchor: HttpAnchor;
let url: string;

beforeEach(async () => {
  behind = new Witness();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void behind.answer(request.url ?? '', Buffer.concat(chunks).toString()).then(({ status, body, type }) => {
        response.writeHead(status, { 'content-type': type ?? 'text/plain' }).end(body);
      });
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`;
  anchor = new HttpAnchor({ url, vkey: formatVerifierKey(witness.key) });
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

describe('a witness as an anchor', () => {
  anchorContract(() => ({
    anchor,
    fail: () => (behind.scripted = { status: 503, body: 'later\n' }),
    heal: () => (behind.scripted = undefined),
  }));

  it('gives cosignatures, which were verified', async () => {
    const { note, ...rest } = await publicationOf(5);
    const [cosignature] = await anchor.publish({ note, ...rest }, never);
    expect(cosignature?.atMs).toBe(NOW * 1_000);
    expect(parseNote(note + (cosignature?.line ?? '')).signatures.map(({ name }) => name)).toEqual([
      'example.com/anchored',
      'witness.example/w1',
    ]);
  });

  it('is asked from where it stands, also by a log that forgot that', async () => {
    await anchor.publish(await publicationOf(5), never);
    await anchor.publish(await publicationOf(9), never);
    expect(behind.asked).toEqual([0, 5]);
    const again = new HttpAnchor({ url: `${url}/`, vkey: formatVerifierKey(witness.key) });
    await again.publish(await publicationOf(12), never);
    expect(behind.asked).toEqual([0, 5, 0, 9]);
  });

  it.each([
    ['a fork', 9, 'b', /does not find that our tree continues/],
    ['another tree of the same size', 7, 'b', /another tree of 7 leaves/],
    ['an older copy', 5, 'a', /larger than ours of 5/],
  ])('does not take %s', async (_what, size, history, reason) => {
    await anchor.publish(await publicationOf(7), never);
    const again = new HttpAnchor({ url, vkey: formatVerifierKey(witness.key) });
    await expect(again.publish(await publicationOf(size, history), never)).rejects.toThrow(reason);
    expect(behind.last?.size).toBe(7);
  });

  it.each([
    [{ status: 404, body: 'x' }, /does not know this log/],
    [{ status: 403, body: 'x' }, /does not trust/],
    [{ status: 409, body: 'x' }, /two histories/],
    [{ status: 409, body: '-1\n', type: 'text/x.tlog.size' }, /two histories/],
    [{ status: 500, body: 'oh\u0007 no' }, /answered 500: oh\? no/],
    [{ status: 302, body: '' }, /answered 302/],
    [{ status: 200, body: '' }, /no cosignature of its key/],
    [{ status: 200, body: 'thanks\n' }, /no cosignature of its key/],
    [{ status: 200, body: 'x'.repeat(100_000) }, /too long/],
  ])('is not believed when it answers %j', async (answer, reason) => {
    behind.scripted = answer;
    await expect(anchor.publish(await publicationOf(3), never)).rejects.toThrow(reason);
  });

  it('is not believed under another key', async () => {
    behind.signer = stranger;
    await expect(anchor.publish(await publicationOf(3), never)).rejects.toThrow(/no cosignature of its key/);
  });

  it('may be away', async () => {
    const away = new HttpAnchor({ url: 'http://127.0.0.1:9', vkey: formatVerifierKey(witness.key) });
    await expect(away.publish(await publicationOf(3), never)).rejects.toThrow(/cannot be reached/);
  });

  it('has the key of a witness', () => {
    const vkey = formatVerifierKey(ed25519Signer('w', new Uint8Array(32).fill(1)).key);
    expect(() => new HttpAnchor({ url, vkey })).toThrow(/not the key of a witness/);
  });
});
