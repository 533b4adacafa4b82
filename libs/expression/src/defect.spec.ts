import { jsonDefect } from '@app/kernel';
import { excerpt } from './defect.js';

describe('the excerpt of a text', () => {
  it('can stand in an event, wherever it is cut', () => {
    const text = `${'x'.repeat(76)}\u{1f600} and more`;
    expect(jsonDefect(excerpt(text))).toBeUndefined();
    expect(excerpt('short')).toBe('short');
  });
});
