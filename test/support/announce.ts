/**
 * Says in one line what a reader of the tests' output must know: that something stood in for the real thing. Jest's own
 * console wraps every such line in twenty others, between which failures are lost.
 */
export function announce(text: string): void {
  process.stderr.write(`*** ${text}\n`);
}
