// runledger export: a bundle from a server into a file, whole or not at all.
import type { Command } from 'commander';
import type { Act, CliWorld } from './cli-world.js';
import { exits, incomplete, jsonLine, lines, usage } from './cli-world.js';
import { checkWritable, exists, writeWhole } from './file.source.js';
import { Progress } from './progress.js';
import type { Download } from './http.server-client.js';
import { clientOf, serverHelp, serverOption, uuidOf, wholeNumber } from './server-arguments.command.js';

interface Arguments {
  readonly server?: string;
  readonly out: string;
  readonly from?: number;
  readonly to?: number;
  readonly run?: string;
  readonly force?: true;
  readonly json?: true;
}

export function addExport(program: Command, world: CliWorld, act: Act): void {
  program
    .command('export')
    .summary('fetch a bundle from a server')
    .description(`Fetches the evidence for the whole log, for a part of it, or for one run.\n${serverHelp}`)
    .requiredOption('--out <file>', 'the file to write; it appears when it is whole')
    .option(...serverOption)
    .option('--from <index>', 'index of the first leaf (default 0)', wholeNumber)
    .option('--to <index>', 'index behind the last leaf (default: all there are)', wholeNumber)
    .option('--run <id>', 'one run instead: its events and the proof that they are in the log')
    .option('--force', 'replace the file when it is there already')
    .option('--json', 'what was written, as JSON')
    .addHelpText(
      'after',
      `
Examples:
  runledger export --out june.tar
  runledger export --server https://runledger.example --from 1000 --to 2000 --out part.tar
  runledger export --run 0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11 --out run.tar && runledger verify run.tar --key log.vkey`,
    )
    .action(act((given: Arguments) => fetchBundle(world, given)));
}

async function fetchBundle(world: CliWorld, given: Arguments): Promise<number> {
  const { run, from, to, out } = given;
  if (run !== undefined && (from !== undefined || to !== undefined))
    throw usage('give either --run or --from and --to');
  if (from !== undefined && to !== undefined && from >= to) throw usage('--from must be less than --to');
  const overwrite = given.force === true;
  const client = clientOf(world, given.server);
  const query = {
    ...(from === undefined ? {} : { from: String(from) }),
    ...(to === undefined ? {} : { to: String(to) }),
  };
  const path = run === undefined ? '/v1/evidence/export' : `/v1/executions/${uuidOf('--run', run)}/evidence`;
  await checkWritable(out);
  if (!overwrite && (await exists(out))) throw usage(`${out} is there already; --force replaces it`);
  const signal = world.stopSignal();
  try {
    const bytes = await written(world, await client.download(path, query, signal), out, overwrite);
    world.out(given.json ? jsonLine({ file: out, bytes }) : lines([`wrote ${out}, ${bytes} bytes; not verified yet`]));
    return exits.ok;
  } catch (error) {
    throw signal.aborted ? incomplete(`interrupted; ${out} was not written, and what had come is gone`) : error;
  }
}

async function written(world: CliWorld, download: Download, out: string, overwrite: boolean): Promise<number> {
  const progress = new Progress(world, 'fetched', download.bytes);
  try {
    return await writeWhole(out, counted(download, progress), { overwrite });
  } finally {
    progress.end();
  }
}

async function* counted({ bytes: announced, chunks }: Download, progress: Progress): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    progress.update(bytes);
    yield chunk;
  }
  if (announced !== undefined && announced !== bytes) {
    throw incomplete(`the server announced ${announced} bytes and sent ${bytes}`);
  }
}
