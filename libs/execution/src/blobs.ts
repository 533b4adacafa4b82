// Content too large for an event goes to the blob store under its SHA-256, before the event that names it.
import type { Json } from '@app/kernel';
import type { BlobStore } from '@app/event-store';
import type { BlobReference, ExecutionEvent } from './execution-events.js';
import type { RunState } from './execution-state.js';
import { leaveOutput, runCopy } from './execution-state.js';

/** Content with more UTF-16 units of text than this leaves the event: even where JSON escapes each in six bytes it fits. */
export const INLINE_CONTENT_MAX = 40 * 1024;

/** UTF-16 units of content of one append, twice what fits even where each takes six bytes. */
const BATCH_CONTENT_MAX = 192 * 1024;

/** Whether the JSON text of `value` is longer than `max`; stops counting there. */
export function isLarge(value: Json | undefined, max = INLINE_CONTENT_MAX): boolean {
  return value !== undefined && remaining(value, max) < 0;
}

function remaining(value: Json, left: number): number {
  if (typeof value === 'string') return left - value.length - 2;
  if (value === null || typeof value !== 'object') return left - 8;
  let rest = left - 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      rest = remaining(item, rest) - 1;
      if (rest < 0) return rest;
    }
    return rest;
  }
  for (const key of Object.keys(value)) {
    rest = remaining(value[key] as Json, rest - key.length - 4);
    if (rest < 0) return rest;
  }
  return rest;
}

/** The events as they are recorded: large inputs and outputs replaced by references to stored blobs. */
export async function offload(events: readonly ExecutionEvent[], blobs: BlobStore): Promise<readonly ExecutionEvent[]> {
  const max = inlineMax(events);
  if (!events.some((event) => needsBlob(event.data as Content, max))) return events;
  return Promise.all(
    events.map(async (event) => {
      const data = { ...event.data } as Content;
      if (isLarge(data.input, max)) {
        data.inputBlob = await stored(data.input as Json, blobs);
        if (event.type === 'ExecutionStarted') data.input = null;
        else delete data.input;
      }
      if (isLarge(data.output, max)) {
        data.outputBlob = await stored(data.output as Json, blobs);
        delete data.output;
      }
      return { ...event, data } as ExecutionEvent;
    }),
  );
}

interface Content {
  input?: Json;
  inputBlob?: BlobReference;
  output?: Json;
  outputBlob?: BlobReference;
}

/** Many events that are each small enough may still be too much for one append. */
function inlineMax(events: readonly ExecutionEvent[]): number {
  return events.length * INLINE_CONTENT_MAX * 2 <= BATCH_CONTENT_MAX
    ? INLINE_CONTENT_MAX
    : BATCH_CONTENT_MAX / events.length / 2;
}

function needsBlob(data: Content, max: number): boolean {
  return isLarge(data.input, max) || isLarge(data.output, max);
}

async function stored(value: Json, blobs: BlobStore): Promise<BlobReference> {
  return blobs.put(new TextEncoder().encode(JSON.stringify(value)));
}

/** The folded run with everything that blobs hold put back in its place. Throws when a blob is missing or damaged. */
export async function hydrate(state: RunState, blobs: BlobStore): Promise<RunState> {
  const run = runCopy(state);
  if (run.inputBlob) run.input = await fetched(run.inputBlob, blobs);
  if (run.outputBlob) run.output = await fetched(run.outputBlob, blobs);
  for (const step of Object.values(run.steps).sort((one, other) => one.stepNumber - other.stepNumber)) {
    // Of several that put out, the last one counts, whether its content stands in the event or beside it.
    if (step.status === 'completed' && !step.outputBlob) leaveOutput(run, step.nodeType, step.nodeId, step.output);
    if (!step.inputBlob && !step.outputBlob) continue;
    const input = step.inputBlob ? await fetched(step.inputBlob, blobs) : step.input;
    const output = step.outputBlob ? await fetched(step.outputBlob, blobs) : step.output;
    run.steps[step.nodeId] = {
      ...step,
      ...(input === undefined ? {} : { input }),
      ...(output === undefined ? {} : { output }),
    };
    if (step.outputBlob) leaveOutput(run, step.nodeType, step.nodeId, output);
  }
  return run;
}

async function fetched(reference: BlobReference, blobs: BlobStore): Promise<Json> {
  const bytes = await blobs.get(reference.sha256);
  if (!bytes) throw new Error(`blob ${reference.sha256} is missing`);
  return JSON.parse(new TextDecoder().decode(bytes)) as Json;
}
