import { exceptions } from './exceptions.js';
import { innocent, plants } from './planted.js';
import { violationsOf } from './rule.js';
import { rules } from './rules.js';
import { parseSource } from './source-file.js';
import { readTree } from './tree.js';

const parse = (files: readonly (readonly [string, string])[]) => files.map(([path, text]) => parseSource(path, text));

describe('the house', () => {
  it('keeps every rule, but for the exceptions that are listed with a reason', () => {
    const broken = violationsOf(readTree(), rules, exceptions);
    expect(broken.map(({ path, line, rule, message }) => `${path}:${line} ${rule}: ${message}`)).toEqual([]);
  });

  it('names exceptions with reasons, each once', () => {
    expect(exceptions.filter(({ reason }) => reason.length < 20)).toEqual([]);
    expect(new Set(exceptions.map(({ rule, path }) => `${rule} ${path}`)).size).toBe(exceptions.length);
  });

  it('takes an exception that is no longer needed for a violation', () => {
    const idle = { rule: 'flat', path: 'libs/kernel/src/a.ts', reason: 'it was needed once upon a time' };
    expect(violationsOf(parse(innocent), rules, [idle])).toEqual([expect.objectContaining({ rule: 'exceptions' })]);
  });
});

describe('the rules', () => {
  it.each(rules.map(({ name }) => name))('%s has a planted violation', (name) => {
    expect(plants.map(({ rule }) => rule)).toContain(name);
  });

  it.each(plants.map((plant) => [plant.rule, plant.because, plant] as const))(
    '%s catches %s, and no other rule is broken by it',
    (rule, _because, { files }) => {
      const found = violationsOf(parse(files), rules);
      expect([...new Set(found.map((violation) => violation.rule))]).toEqual([rule]);
      expect(files.map(([path]) => path)).toContain(found[0]?.path);
    },
  );

  it('leave the innocent alone', () => {
    expect(violationsOf(parse(innocent), rules)).toEqual([]);
  });
});
