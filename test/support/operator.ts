// `runledger migrate` and `runledger backup` in this process, with what they said.
import { runOperator } from '../../apps/server/src/operator.command.js';

export interface Operated {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

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
  return { exit, out, err };
}
