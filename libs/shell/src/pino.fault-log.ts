// The one file that knows the log library.
import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { FaultLog } from './fault-log.js';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const secretKeys = ['authorization', 'x-api-key', 'x-webhook-token', 'cookie', 'password', 'secret', 'token', 'apiKey'];

/** One JSON object a line, to standard error; values under names that hold secrets are replaced. */
export class PinoLogger extends FaultLog implements LoggerService {
  private readonly logger: Logger;

  constructor(level: LogLevel, destination: DestinationStream = pino.destination({ dest: 2, sync: true })) {
    super();
    const paths = secretKeys.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]);
    this.logger = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: pino.stdSerializers.err },
        redact: { paths, censor: '[redacted]' },
      },
      destination,
    );
  }

  log(message: unknown, ...context: unknown[]): void {
    this.write('info', message, context);
  }

  error(message: unknown, ...context: unknown[]): void {
    this.write('error', message, context);
  }

  warn(message: unknown, ...context: unknown[]): void {
    this.write('warn', message, context);
  }

  debug(message: unknown, ...context: unknown[]): void {
    this.write('debug', message, context);
  }

  verbose(message: unknown, ...context: unknown[]): void {
    this.write('trace', message, context);
  }

  fatal(message: unknown, ...context: unknown[]): void {
    this.write('fatal', message, context);
  }

  private write(level: Exclude<LogLevel, 'silent'>, message: unknown, context: readonly unknown[]): void {
    const details: Record<string, unknown> = {};
    for (const each of context) {
      if (typeof each === 'string') details[each.includes('\n') ? 'stack' : 'context'] = each;
      else if (each instanceof Error) details['error'] = each;
      else if (typeof each === 'object' && each !== null) Object.assign(details, each);
    }
    if (message instanceof Error) this.logger[level]({ ...details, error: message }, message.message);
    else this.logger[level](details, typeof message === 'string' ? message : JSON.stringify(message));
  }
}
