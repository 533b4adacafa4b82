import { refuse } from '@app/kernel';
import { StoreError } from '@app/event-store';
import { answerOfRefusal, answerOfStoreError, problemOf, statusOf, titleOf } from './problem.js';
import { statusByCode } from './wire-codes.js';

describe('the status of a refusal', () => {
  it('is what the wire contract says of its code, whatever its kind', () => {
    expect(statusOf(refuse('conflict', 'FLK-0360', ''))).toBe(400);
    expect(statusOf(refuse('invalid', 'FLK-0112', ''))).toBe(422);
    expect(statusOf(refuse('invalid', 'FLK-0104', ''))).toBe(404);
    expect(statusOf(refuse('state', 'WORKFLOW_INVALID_EXECUTOR_CONFIG', ''))).toBe(400);
  });

  it('is the one of its kind for every other code', () => {
    const kinds = [
      'invalid',
      'unauthenticated',
      'forbidden',
      'not_found',
      'conflict',
      'too_large',
      'state',
      'unavailable',
    ] as const;
    expect(kinds.map((kind) => statusOf({ kind, code: 'OURS' }))).toEqual([400, 401, 403, 404, 409, 413, 422, 503]);
  });

  it('has a title of its own', () => {
    for (const status of new Set(statusByCode.values())) expect(titleOf(status)).not.toMatch(/Error/);
    expect(titleOf(404)).toBe('Not Found');
    expect(titleOf(422)).toBe('Unprocessable Entity');
  });
});

describe('the error envelope', () => {
  it('has findings only where there are any', () => {
    const answer = answerOfRefusal(refuse('invalid', 'FLK-0001', 'no', [{ field: 'a', message: 'b' }]));
    expect(problemOf(answer, 'r')).toEqual({
      code: 'FLK-0001',
      title: 'Bad Request',
      message: 'no',
      requestId: 'r',
      fields: [{ field: 'a', message: 'b' }],
    });
    expect(problemOf({ status: 404, code: 'X', message: 'm', fields: [] }, 'r')).not.toHaveProperty('fields');
  });

  it('shows nothing of a fault of the store', () => {
    for (const code of [
      'StoreUnavailable',
      'Corrupt',
      'InvalidArgument',
      'EventTooLarge',
      'WrongExpectedRevision',
    ] as const) {
      const answer = answerOfStoreError(new StoreError(code, 'hush'));
      expect(JSON.stringify(problemOf(answer, 'r'))).not.toContain('hush');
    }
  });
});
