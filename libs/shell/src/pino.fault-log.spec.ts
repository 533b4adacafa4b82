import { faultLogContract } from './fault-log.contract.js';
import { PinoLogger } from './pino.fault-log.js';

const open = (level: ConstructorParameters<typeof PinoLogger>[0] = 'info') => {
  let text = '';
  const log = new PinoLogger(level, { write: (line) => (text += line) });
  return { log, written: () => text };
};

faultLogContract('the logger', open);

describe('the logger', () => {
  it('writes one JSON object a line, with time and level', () => {
    const { log, written } = open();
    log.log('started', 'Server');
    log.warn('careful', { left: 1 });
    const lines = written()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toEqual([
      { level: 'info', time: expect.stringMatching(/Z$/), context: 'Server', msg: 'started' },
      { level: 'warn', time: expect.stringMatching(/Z$/), left: 1, msg: 'careful' },
    ]);
  });

  it('keeps to its level', () => {
    const { log, written } = open('error');
    log.log('a');
    log.debug('b');
    log.verbose('c');
    expect(written()).toBe('');
    log.fatal('d');
    log.error(new Error('e'));
    expect(written()).toMatch(/"msg":"d"[^]*"msg":"e"/);
  });
});
