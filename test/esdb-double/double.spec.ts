// The double answers as a real node does: the same tests, and against a real node as well when EVENTSTORE_URL names one.
import { announce } from '../support/announce.js';
import { describeAppends } from './appends.contract.js';
import { describeReads } from './reads.contract.js';
import { startDouble, type EsdbDouble } from './index.js';

let double: EsdbDouble;
beforeAll(async () => {
  double = await startDouble();
});
afterAll(() => double.close());

describeAppends('the double', () => double.url);
describeReads('the double', () => double.url);

const real = process.env['EVENTSTORE_URL'];
if (real) {
  describeAppends('a real node', () => real);
  describeReads('a real node', () => real);
} else {
  announce('NOT compared with a real EventStoreDB: EVENTSTORE_URL is not set. The double alone was tested.');
}
