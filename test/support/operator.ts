// `runledger migrate` and `runledger backup` in this process, with what they said.
import { runOperator } from '../../apps/server/src/operator.command.js';

export interface Operated {
  readonly exit: number;
  readonly out: string;
  /** Without the lines that tell how far a slow copy is: how many there are depends on the machine. */
  readonly err: string;
}

const PROGRESS = /^[a-z]+: \d+( events)?\n/gm;

export async function operate(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  signal = new AbortController().signal,
): Promise<Operated> {
  let [out, err] = ['', ''];
  const exit = await runOperator(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env,
    nowMs: () => Date.now(),
    signal,
  });
  return { exit, out, err: err.replace(PROGRESS, '') };
}
