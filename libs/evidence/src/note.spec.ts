// Signed notes, keys, cosignatures and checkpoints, with the examples of golang.org/x/mod/sumdb/note and of C2SP.
import { readFileSync } from 'node:fs';
import { sha256 } from '@app/kernel';
import fc from 'fast-check';
import { bigEndian, utf8Of } from './byte-text.js';
import { formatCheckpoint, isOrigin, parseCheckpoint } from './checkpoint.js';
import type { SignedNote } from './note.js';
import { formatNote, parseNote } from './note.js';
import {
  formatSignerKey,
  formatVerifierKey,
  keyIdText,
  parseSignerKey,
  parseVerifierKey,
  verifierKey,
} from './note-key.js';
import type { OpenedNote } from './note-signature.js';
import { cosignNote, openNote, signNote } from './note-signature.js';
import { ed25519Signer, newSeed, signerOfKey, verifyEd25519 } from './node.signature.js';

const { go, c2sp } = JSON.parse(readFileSync('test/vectors/signed-note.json', 'utf8')) as {
  go: Record<'name' | 'keyId' | 'vkey' | 'skey' | 'otherVkey' | 'text' | 'line' | 'otherLine', string> & {
    badVkeys: string[];
  };
  c2sp: Record<'vkey' | 'note' | 'checkpoint' | 'origin', string> & { size: number; cosignedAt: number };
};
const key = (text: string) => parseVerifierKey(text, sha256);
const [peter, enoch] = [key(go.vkey), key(go.otherVkey)];
const open = (note: string, ...keys: (typeof peter)[]): Promise<OpenedNote> =>
  openNote(parseNote(note), keys, verifyEd25519);
const withCode = (code: string) => expect.objectContaining({ code });

describe('verifier keys', () => {
  it('are read and written as published', () => {
    expect(peter).toMatchObject({ name: go.name, algorithm: 'ed25519' });
    expect(keyIdText(peter.keyId)).toBe(go.keyId);
    for (const text of [go.vkey, go.otherVkey, c2sp.vkey]) expect(formatVerifierKey(key(text))).toBe(text);
    expect(formatVerifierKey(ed25519Signer('EnochRoot', new Uint8Array(32)).key)).toBe(go.otherVkey);
  });

  it('of a witness have another id than the same key of a log', () => {
    const witness = verifierKey(peter.name, 'cosignature/v1', peter.publicKey, sha256);
    expect(witness.keyId).not.toBe(peter.keyId);
    expect(key(formatVerifierKey(witness))).toEqual(witness);
  });

  it('are refused when a part is missing or a character differs', () => {
    for (let from = 0; from <= go.vkey.length; from += 1) {
      for (let to = from; to <= go.vkey.length; to += 1) {
        if (to - from < go.vkey.length) expect(() => key(go.vkey.slice(from, to))).toThrow(withCode('malformed_key'));
      }
    }
    for (let at = 0; at < go.vkey.length; at += 1) {
      const next = String.fromCharCode(go.vkey.charCodeAt(at) + 1);
      expect(() => key(go.vkey.slice(0, at) + next + go.vkey.slice(at + 1))).toThrow(withCode('malformed_key'));
    }
  });

  it.each(go.badVkeys)('are refused when of the wrong length or algorithm: %s', (text) => {
    expect(() => key(text)).toThrow(withCode('malformed_key'));
  });

  it.each(['', 'a b', 'a+b', 'a\tb', 'a\u00a0b', 'a\u2003b', 'a\u0085b', 'a\u0000b', '\ud800'])(
    'are not named %j',
    (name) => {
      expect(() => verifierKey(name, 'ed25519', peter.publicKey, sha256)).toThrow(withCode('malformed_key'));
    },
  );

  it('have 32 bytes', () => {
    expect(() => verifierKey('a', 'ed25519', new Uint8Array(31), sha256)).toThrow(withCode('malformed_key'));
  });
});

describe('signer keys', () => {
  it('are read and written as published, and match their verifier key', () => {
    expect(formatSignerKey(parseSignerKey(go.skey))).toBe(go.skey);
    expect(signerOfKey(parseSignerKey(go.skey)).key).toEqual(peter);
  });

  it('are refused when a part is missing or a character differs, and never shown', () => {
    const refusal = (text: string): string => {
      try {
        signerOfKey(parseSignerKey(text));
      } catch (error) {
        expect(error).toMatchObject({ code: 'malformed_key' });
        return String(error);
      }
      return 'accepted';
    };
    const secret = go.skey.split('+').at(-1)!;
    for (let at = 0; at < go.skey.length; at += 1) {
      for (const text of [
        go.skey.slice(0, at),
        go.skey.slice(at + 1),
        go.skey.slice(0, at) + String.fromCharCode(go.skey.charCodeAt(at) + 1) + go.skey.slice(at + 1),
      ]) {
        expect(refusal(text)).not.toBe('accepted');
        expect(refusal(text)).not.toContain(secret.slice(4, 12));
      }
    }
  });

  it('are made of fresh seeds of 32 bytes', () => {
    const [one, other] = [newSeed(), newSeed()];
    expect([one.length, other.length]).toEqual([32, 32]);
    expect(one).not.toEqual(other);
    expect(() => ed25519Signer('a', one.subarray(1))).toThrow(withCode('malformed_key'));
  });
});

describe('a signed note', () => {
  it('is signed as published', async () => {
    const signature = await signNote(go.text, signerOfKey(parseSignerKey(go.skey)));
    expect(formatNote({ text: go.text, signatures: [signature] })).toBe(`${go.text}\n${go.line}`);
    const other = await signNote(go.text, ed25519Signer('EnochRoot', new Uint8Array(32)));
    const both = formatNote({ text: go.text, signatures: [signature, other] });
    expect(both).toBe(`${go.text}\n${go.line}${go.otherLine}`);
    expect(formatNote(parseNote(utf8Of(both)))).toBe(both);
  });

  it('tells who signed it and whose signatures mean nothing to the reader', async () => {
    const note = `${go.text}\n${go.line}${go.otherLine}`;
    const one = await open(note, peter);
    expect(one).toMatchObject({ text: go.text, verified: [{ key: peter }], unknown: [{ name: 'EnochRoot' }] });
    expect((await open(note, enoch, peter)).verified.map((each) => each.key)).toEqual([peter, enoch]);
    expect((await open(note + go.line, peter)).verified).toHaveLength(1);
    expect((await open(c2sp.note, key(c2sp.vkey))).text).toBe('This is an example message.\n');
  });

  it('that nobody known signed is not opened', async () => {
    const note = `${go.text}\n${go.line}`;
    await expect(open(note)).rejects.toThrow(withCode('not_signed'));
    await expect(open(note, enoch)).rejects.toThrow(withCode('not_signed'));
    // The same key under another name is another key.
    const renamed = verifierKey('Somebody', 'ed25519', peter.publicKey, sha256);
    await expect(open(note, renamed)).rejects.toThrow(withCode('not_signed'));
  });

  it('with a wrong signature in a known name is refused, whoever else signed it', async () => {
    const broken = go.line.replace('ZJku', 'ZJkv');
    await expect(open(`${go.text}\n${go.otherLine}${broken}`, peter, enoch)).rejects.toThrow(withCode('bad_signature'));
    await expect(open(`${go.text}\n${go.line}${broken}`, peter)).rejects.toThrow(withCode('bad_signature'));
    const longer = `${go.line.slice(0, 60)}ABCD${go.line.slice(60)}`;
    await expect(open(`${go.text}\n${longer}`, peter)).rejects.toThrow(withCode('bad_signature'));
  });

  it('with any other text or signature is refused', async () => {
    const note = utf8Of(`${go.text}\n${go.line}`);
    for (let at = 0; at < note.length; at += 1) {
      const changed = note.slice();
      changed[at]! ^= 1 << (at % 8);
      await expect((async () => openNote(parseNote(changed), [peter], verifyEd25519))()).rejects.toThrow(
        expect.objectContaining({ name: 'EvidenceError' }),
      );
    }
  });

  it.each<[string, string]>([
    ['no signature', go.text],
    ['no signature line', `${go.text}\n`],
    ['no text', `\n${go.line}`],
    ['no empty line', go.text + go.line],
    ['half a signature line', `${go.text}\n${go.line.slice(0, -1)}`],
    ['a control character', `\u0001${go.text}\n${go.line}`],
    ['a carriage return', `${go.text}\r\n\n${go.line}`],
    ['a tab in the text', `a\tb\n\n${go.line}`],
    ['a name with a blank', `${go.text}\n${go.line.replace('PeterNeumann', 'Bad Name')}`],
    ['a name with a plus', `${go.text}\n${go.line.replace('PeterNeumann', 'Bad+Name')}`],
    ['a hyphen for the dash', `${go.text}\n${go.line.replace('\u2014', '-')}`],
    ['an unexpected line', `${go.text}\n${go.line}Unexpected line.\n`],
    ['a signature that is not base64', `${go.text}\n\u2014 PeterNeumann !!!!\n`],
    ['a signature without padding', `${go.text}\n${go.line.replace('=', '')}`],
    ['an empty signature', `${go.text}\n\u2014 PeterNeumann x08g\n`],
    ['no signature bytes', `${go.text}\n\u2014 PeterNeumann x08gow==\n`],
    ['too many signatures', `${go.text}\n${go.line.repeat(101)}`],
    ['more than a million bytes', `${'x'.repeat(1_000_000)}\n\n${go.line}`],
  ])('with %s is malformed', (_, note) => {
    expect(() => parseNote(note)).toThrow(withCode('malformed_note'));
  });

  it('that is not UTF-8 is malformed', () => {
    expect(() => parseNote(Uint8Array.of(0xff, ...utf8Of(`${go.text}\n${go.line}`)))).toThrow(
      withCode('malformed_note'),
    );
  });

  it('is not written around a text or a name that cannot stand in one', () => {
    const { signatures } = parseNote(`${go.text}\n${go.line}`);
    const wrong: SignedNote[] = [
      { text: 'no line end', signatures },
      { text: '', signatures },
      { text: 'a\u0007\n', signatures },
      { text: '\ud800\n', signatures },
      { text: go.text, signatures: [] },
      { text: go.text, signatures: [{ ...signatures[0]!, name: 'a b' }] },
    ];
    for (const note of wrong) expect(() => formatNote(note)).toThrow(withCode('malformed_note'));
  });

  it('may hold empty lines in its text', () => {
    const note = `first\n\nthird\n\n${go.line}`;
    expect(parseNote(note).text).toBe('first\n\nthird\n');
    expect(formatNote(parseNote(note))).toBe(note);
  });
});

describe('a cosignature', () => {
  const seed = new Uint8Array(32).fill(7);
  const witness = ed25519Signer('witness.example/w', seed, 'cosignature/v1');
  const log = ed25519Signer('witness.example/w', seed);

  it('says when, and holds for that time only', async () => {
    const signature = await cosignNote(go.text, witness, 1_700_000_000);
    const note = { text: go.text, signatures: [signature] };
    expect((await openNote(note, [witness.key], verifyEd25519)).verified).toEqual([
      { key: witness.key, timestamp: 1_700_000_000 },
    ]);
    const later = {
      ...signature,
      signature: Uint8Array.of(...bigEndian(1_700_000_001, 8), ...signature.signature.slice(8)),
    };
    await expect(openNote({ ...note, signatures: [later] }, [witness.key], verifyEd25519)).rejects.toThrow(
      withCode('bad_signature'),
    );
    const far = { ...signature, signature: Uint8Array.of(0xff, ...signature.signature.slice(1)) };
    await expect(openNote({ ...note, signatures: [far] }, [witness.key], verifyEd25519)).rejects.toThrow(
      withCode('bad_signature'),
    );
  });

  it('is over the bytes that C2SP says', async () => {
    const signature = await cosignNote('origin\n1\nroot\n', witness, 5);
    const bytes = utf8Of('cosignature/v1\ntime 5\norigin\n1\nroot\n');
    expect(verifyEd25519(witness.key.publicKey, bytes, signature.signature.slice(8))).toBe(true);
    expect(signature.signature.slice(0, 8)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5));
  });

  it("cannot pass for a log's signature, nor a log's for it", async () => {
    const cosigned = await cosignNote(go.text, witness, 5);
    const signed = await signNote(go.text, log);
    await expect(
      openNote({ text: go.text, signatures: [{ ...cosigned, keyId: log.key.keyId }] }, [log.key], verifyEd25519),
    ).rejects.toThrow(withCode('bad_signature'));
    await expect(
      openNote({ text: go.text, signatures: [{ ...signed, keyId: witness.key.keyId }] }, [witness.key], verifyEd25519),
    ).rejects.toThrow(withCode('bad_signature'));
    await expect(signNote(go.text, witness)).rejects.toThrow(withCode('malformed_key'));
    await expect(cosignNote(go.text, log, 5)).rejects.toThrow(withCode('malformed_key'));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('is not given for the time %d', async (time) => {
    await expect(cosignNote(go.text, witness, time)).rejects.toThrow(withCode('out_of_range'));
  });

  it('of the published example tells its time', () => {
    const { signatures } = parseNote(c2sp.checkpoint);
    expect(signatures[1]!.signature.slice(0, 8)).toEqual(bigEndian(c2sp.cosignedAt, 8));
    expect(signatures[1]!.signature).toHaveLength(72);
  });
});

describe('Ed25519', () => {
  it('takes nothing but a sound key, message and signature', () => {
    const { key: verifier, sign } = ed25519Signer('a', new Uint8Array(32).fill(1));
    const message = utf8Of('message');
    const signature = sign(message) as Uint8Array;
    expect(verifyEd25519(verifier.publicKey, message, signature)).toBe(true);
    expect(verifyEd25519(verifier.publicKey, utf8Of('Message'), signature)).toBe(false);
    expect(verifyEd25519(verifier.publicKey, message, signature.slice(1))).toBe(false);
    expect(verifyEd25519(verifier.publicKey.slice(1), message, signature)).toBe(false);
    expect(verifyEd25519(new Uint8Array(32).fill(0xff), message, signature)).toBe(false);
  });
});

describe('a checkpoint', () => {
  it('is read and written as published', () => {
    const { text } = parseNote(c2sp.checkpoint);
    expect(parseCheckpoint(text)).toMatchObject({ origin: c2sp.origin, size: c2sp.size, extensions: [] });
    expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
  });

  it('is read back, and has one spelling', () => {
    const line = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 });
    const checkpoints = fc.record({
      origin: line,
      size: fc.maxSafeNat(),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      extensions: fc.array(line, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(checkpoints, (checkpoint) => {
        expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
      }),
    );
  });

  const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
  it.each<[string, string]>([
    ['nothing', ''],
    ['two lines', 'a\n1\n'],
    ['no line end', `a\n1\n${root}`],
    ['an empty origin', `\n1\n${root}\n`],
    ['a leading zero', `a\n01\n${root}\n`],
    ['a sign', `a\n+1\n${root}\n`],
    ['no size', `a\n\n${root}\n`],
    ['a size beyond exact integers', `a\n9007199254740993\n${root}\n`],
    ['a short root', `a\n1\n${root.slice(4)}\n`],
    ['a root in another alphabet', `a\n1\n${root.replace('/', '_')}\n`],
    ['a root in hexadecimal', `a\n1\n${'0'.repeat(64)}\n`],
    ['an empty extension', `a\n1\n${root}\n\nb\n`],
    ['a carriage return', `a\r\n1\r\n${root}\r\n`],
    ['a tab in the origin', `a\tb\n1\n${root}\n`],
  ])('with %s is malformed', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(withCode('malformed_checkpoint'));
  });

  it('is not written with a size, root or line that cannot stand in one', () => {
    const good = { origin: 'a', size: 1, root: new Uint8Array(32), extensions: [] };
    for (const wrong of [
      { ...good, size: -1 },
      { ...good, size: 1.5 },
      { ...good, size: Number.NaN },
      { ...good, root: new Uint8Array(31) },
      { ...good, origin: '' },
      { ...good, origin: 'a\nb' },
      { ...good, extensions: [''] },
    ]) {
      expect(() => formatCheckpoint(wrong)).toThrow(withCode('malformed_checkpoint'));
    }
  });

  it.each<[string, boolean]>([
    ['example.com/log', true],
    ['a', true],
    ['', false],
    ['a b', false],
    ['a+b', false],
    ['a\nb', false],
    ['x'.repeat(256), false],
  ])('may come from a log named %j: %s', (origin, expected) => {
    expect(isOrigin(origin)).toBe(expected);
  });
});
