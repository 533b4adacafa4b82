import { recordableUrl } from './call-outcome.js';

describe('the URL of a call, as it is recorded', () => {
  it('holds no secrets', () => {
    const url = new URL('https://user:secret@provider.example/a?x=1&token=secret&k=secret#secret');
    expect(recordableUrl(url, 'k')).toBe('https://provider.example/a?x=1&token=%5Bredacted%5D&k=%5Bredacted%5D');
  });

  it('is cut when somebody made it long', () => {
    const url = new URL(`https://provider.example/${'x'.repeat(300_000)}`);
    expect(recordableUrl(url)).toHaveLength(4_099);
    expect(recordableUrl(url)).toMatch(/\.\.\.$/);
  });
});
