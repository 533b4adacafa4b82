import type { Json } from './esdb-access.js';
import { accessDocuments, accessProblem, SETTINGS_STREAM } from './esdb-access.js';

function written(stream: string, standing: Json): Json {
  const document = accessDocuments('engine').find((one) => one.stream === stream);
  return document?.change(standing) ?? {};
}

const rules = written(SETTINGS_STREAM, {});

describe('the access rules', () => {
  it('let the engine and the administrators append and read, and these alone do anything else', () => {
    expect(rules).toEqual({
      $userStreamAcl: {
        $r: ['engine', '$admins'],
        $w: ['engine', '$admins'],
        $d: '$admins',
        $mr: '$admins',
        $mw: '$admins',
      },
    });
    expect(accessProblem(rules)).toBeUndefined();
  });

  it('leave alone what they are not about', () => {
    expect(written(SETTINGS_STREAM, { $systemStreamAcl: { $r: 'x' } })).toMatchObject({
      $systemStreamAcl: { $r: 'x' },
    });
    expect(written('$$$all', { $maxAge: 1, $acl: { $w: 'x', $r: 'other' } })).toEqual({
      $maxAge: 1,
      $acl: { $w: 'x', $r: ['other', 'engine', '$admins'] },
    });
    expect(written('$$$all', { $acl: 'nonsense' })).toEqual({ $acl: { $r: ['engine', '$admins'] } });
  });

  it.each<[string, Json | undefined]>([
    ['no access rules are set', undefined],
    ['no access rules are set', {}],
    ['no access rules are set', { $userStreamAcl: 'x' }],
    ['may delete', { $userStreamAcl: { ...(rules['$userStreamAcl'] as Json), $d: ['$admins', 'engine'] } }],
    ['may delete', { $userStreamAcl: { $w: 'engine', $mw: '$admins' } }],
    ['metadata', { $userStreamAcl: { ...(rules['$userStreamAcl'] as Json), $mw: '$all' } }],
    ['may append', { $userStreamAcl: { ...(rules['$userStreamAcl'] as Json), $w: ['$all'] } }],
    ['may append', { $userStreamAcl: { $d: '$admins', $mw: '$admins' } }],
  ])('are missed in words: %s (%j)', (problem, settings) => {
    expect(accessProblem(settings)).toContain(problem);
  });
});
