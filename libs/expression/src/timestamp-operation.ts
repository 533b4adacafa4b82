// timestamp: from one Go layout to another. `$unix` stands for seconds since 1970, `$now` (input only) for the clock.
import type { Json } from '@app/kernel';
import { excerpt } from './defect.js';
import { parseGoTime } from './go-time-parser.js';
import type { GoTime } from './go-time.js';
import { formatGoTime, LAYOUT_LENGTH_MAX, parseLayout } from './go-time.js';
import type { Operation, OperationSettings } from './operation.js';
import { inPlace, keyPath, recordIn, SpecProblem, textIn } from './operation.js';
import { EvaluationFailure, readPath } from './path.js';

/** Seconds; the years 1 to 9999. */
const UNIX_LEAST = -62_135_596_800;
const UNIX_MOST = 253_402_300_799;

type Reader = (text: string) => GoTime | undefined;
type Writer = (time: GoTime) => string;

export function timestampOperation({ spec, require, env }: OperationSettings): Operation {
  const changes = Object.entries(spec).map(([key, value]) => {
    const formats = recordIn(value, key);
    const input = layoutText(formats.inputFormat, `${key}.inputFormat`);
    const output = layoutText(formats.outputFormat, `${key}.outputFormat`);
    return { path: keyPath(key), now: input === '$now', read: readerOf(input), write: writerOf(output) };
  });
  return inPlace(
    (draft) => {
      for (const { path, now, read, write } of changes) {
        if (now) draft.write(path, write(utc(env.nowMs())));
        else if (require && readPath(draft.document, path, true) === undefined) {
          throw new EvaluationFailure(`the required path ${JSON.stringify(path.text)} is missing`);
        } else draft.update(path, (value) => rewritten(value, path.text, read, write));
      }
    },
    { targets: changes.map((change) => change.path) },
  );
}

function layoutText(value: Json | undefined, at: string): string {
  const text = textIn(value, at);
  if (text === '') throw new SpecProblem(at, 'must not be empty');
  if (text.length > LAYOUT_LENGTH_MAX) throw new SpecProblem(at, `is longer than ${LAYOUT_LENGTH_MAX} characters`);
  if (text === '$now' && at.endsWith('outputFormat')) throw new SpecProblem(at, '$now is an input format only');
  return text;
}

function readerOf(format: string): Reader {
  if (format === '$unix') return unixTime;
  const layout = parseLayout(format);
  return (text) => parseGoTime(text, layout);
}

function writerOf(format: string): Writer {
  if (format === '$unix') return (time) => String(time.epochSeconds);
  const layout = parseLayout(format);
  return (time) => formatGoTime(time, layout);
}

function unixTime(text: string): GoTime | undefined {
  const seconds = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= UNIX_LEAST && seconds <= UNIX_MOST)) return undefined;
  return { epochSeconds: seconds, nanoseconds: 0, offsetSeconds: 0, zone: 'UTC' };
}

function utc(milliseconds: number): GoTime {
  const epochSeconds = Math.floor(milliseconds / 1_000);
  const nanoseconds = Math.round((milliseconds - epochSeconds * 1_000) * 1_000_000);
  return { epochSeconds, nanoseconds, offsetSeconds: 0, zone: 'UTC' };
}

function rewritten(value: Json, path: string, read: Reader, write: Writer): Json | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map((element) => (element === null ? null : one(element, path, read, write)));
  return one(value, path, read, write);
}

function one(value: Json, path: string, read: Reader, write: Writer): string {
  const text = typeof value === 'number' ? String(value) : value;
  const time = typeof text === 'string' ? read(text) : undefined;
  if (time === undefined) {
    throw new EvaluationFailure(`the value at ${JSON.stringify(excerpt(path))} is no timestamp of the input format`);
  }
  return write(time);
}
