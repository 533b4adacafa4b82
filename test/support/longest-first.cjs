// The order of the test files: those that start and kill servers take longest and come first, so that no worker is left alone
// with one of them at the end.
const Sequencer = require('@jest/test-sequencer').default;

const longest = ['/test/crash/', '/test/acceptance/', '/test/tamper/', '/test/coverage/', '/event-store/', '/apps/'];

class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => {
      const at = longest.findIndex((part) => path.includes(part));
      return at === -1 ? longest.length : at;
    };
    return super.sort(tests).sort((one, other) => place(one) - place(other));
  }
}

module.exports = LongestFirst;
