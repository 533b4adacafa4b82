// What a command sees of the world: where it writes, what it was given besides its arguments, what time it is.

export interface CliWorld {
  /** What was asked for, to standard output. */
  readonly out: (text: string) => void;
  /** What a person wants to know meanwhile, to standard error. */
  readonly err: (text: string) => void;
  /** Whether a person sits in front of standard error. */
  readonly isTerminal: boolean;
  /** Width of that terminal in characters. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Resolves when somebody wants a command to end that would not end by itself. */
  readonly untilStopped: () => Promise<void>;
  /** Aborted when somebody wants the command to end. From this call on that does not end the process by itself, the first time. */
  readonly stopSignal: () => AbortSignal;
}

/** What every command ends with. */
export const exits = { ok: 0, tampered: 1, incomplete: 2, usage: 3 } as const;
export type Exit = (typeof exits)[keyof typeof exits];

/** Ends a command with a sentence for whoever gave it. The message never holds a secret. */
export class CliError extends Error {
  constructor(
    readonly exit: Exit,
    message: string,
  ) {
    super(message);
  }
}

/** The arguments make no sense, or name something that cannot be used. */
export function usage(message: string): CliError {
  return new CliError(exits.usage, message);
}

/** Something that was needed could not be had. */
export function incomplete(message: string): CliError {
  return new CliError(exits.incomplete, message);
}

/** Whole lines, and only whole lines. */
export function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Turns a command that yields its exit code into what the reader of arguments calls; it keeps the code. */
export type Act = <A extends unknown[]>(run: (...given: A) => Promise<number>) => (...given: A) => Promise<void>;
