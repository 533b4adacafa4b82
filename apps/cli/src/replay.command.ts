// runledger replay: what a stream tells, sentence by sentence, and what it amounts to.
import type { Command } from 'commander';
import { printable } from '@app/evidence';
import type { RecordedEvent } from '@app/kernel';
import type { Act, CliWorld } from './cli-world.js';
import { exits, incomplete, jsonLine, lines, usage } from './cli-world.js';
import { eventsFromBundle, eventsFromServer } from './event-source.command.js';
import { clientOf, serverHelp, serverOption, wholeNumber } from './server-arguments.command.js';

interface Arguments {
  readonly server?: string;
  readonly bundle?: string;
  readonly to?: number;
  readonly state?: true;
  readonly json?: true;
}

export function addReplay(program: Command, world: CliWorld, act: Act): void {
  program
    .command('replay')
    .argument('<stream>', 'name of a stream, as in execution-<uuid>')
    .summary('tell what happened in a stream')
    .description(
      'Prints the events of one stream as sentences, from a server or from a bundle; with --state, what they amount to, ' +
        `computed here from the events and not asked from anybody.\n${serverHelp}`,
    )
    .option(...serverOption)
    .option('--bundle <file>', 'read a bundle instead; - for standard input')
    .option('--to <revision>', 'the last revision (default: the last there is)', wholeNumber)
    .option('--state', 'fold the events to a state, and print that')
    .option('--json', 'the recorded events word for word, one a line; with --state the state on one line')
    .addHelpText(
      'after',
      `
Examples:
  runledger replay workflow-0d6f2a8e-1c1b-4f6e-9a7f-8a2f7a0c9e11
  runledger replay execution-6c0c9c0e-70a1-4a1e-a8b8-5b5a0e0d7c55 --bundle run.tar --to 4 --state
  runledger replay access-20260502 --json | jq -r .type | sort | uniq -c`,
    )
    .action(act((stream: string, given: Arguments) => replay(world, stream, given)));
}

async function replay(world: CliWorld, stream: string, given: Arguments): Promise<number> {
  const { bundle, server, to = Number.MAX_SAFE_INTEGER } = given;
  if (bundle !== undefined && server !== undefined) throw usage('give either --server or --bundle');
  if (!/^[A-Za-z]+-[\x21-\x7e]{1,200}$/.test(stream)) throw usage(`${JSON.stringify(stream)} is no name of a stream`);
  const events =
    bundle === undefined
      ? eventsFromServer(clientOf(world, server), stream, to)
      : eventsFromBundle(world, bundle, stream, to);
  const last = given.state ? await tellState(world, stream, events, given) : await tell(world, events, given);
  if (last === undefined) throw incomplete(`${bundle ?? 'the server'} holds no events of ${stream}`);
  if (given.to !== undefined && last < given.to) throw incomplete(`${stream} ends at revision ${last}`);
  return exits.ok;
}

async function tell(
  world: CliWorld,
  events: AsyncIterable<RecordedEvent>,
  { json }: Arguments,
): Promise<number | undefined> {
  const { summaryOf } = await import('@app/audit');
  let last: number | undefined;
  for await (const event of events) {
    last = event.revision;
    if (json) world.out(jsonLine(event));
    else
      world.out(lines([`${String(event.revision).padStart(4)}  ${printable(event.recordedAt)}  ${summaryOf(event)}`]));
  }
  return last;
}

async function tellState(
  world: CliWorld,
  stream: string,
  events: AsyncIterable<RecordedEvent>,
  { json }: Arguments,
): Promise<number | undefined> {
  const { foldedCategories, StreamFold } = await import('./stream-state.js');
  const fold = StreamFold.of(stream);
  if (!fold) throw usage(`${stream} has no state; streams of ${foldedCategories.join(', ')} have`);
  let last: number | undefined;
  for await (const event of events) {
    last = event.revision;
    try {
      fold.take(event);
    } catch (error) {
      throw incomplete(`event ${last} of ${stream} cannot be folded: ${(error as Error).message}`);
    }
  }
  if (last === undefined) return undefined;
  const told = { stream, revision: last, state: fold.result };
  world.out(json ? jsonLine(told) : `${JSON.stringify(told, undefined, 2)}\n`);
  return last;
}
