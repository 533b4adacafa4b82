// The aggregate behind a stream, folded by the noun's own decider from events that came from anywhere.
import type { DomainEvent, RecordedEvent } from '@app/kernel';
import { categoryOf } from '@app/kernel';
import { execution } from '@app/execution';
import { providerConfiguration } from '@app/provider';
import { workflow } from '@app/workflow';

interface Folder {
  readonly category: string;
  readonly initial: unknown;
  evolve(state: never, event: never): unknown;
}

const folders: readonly Folder[] = [workflow, providerConfiguration, execution];

/** Categories of streams that have a state. */
export const foldedCategories: readonly string[] = folders.map(({ category }) => category);

export class StreamFold {
  private state: unknown;
  private readonly folder: Folder;

  private constructor(folder: Folder) {
    this.folder = folder;
    this.state = folder.initial;
  }

  /** Undefined for a stream that no aggregate is folded from. */
  static of(stream: string): StreamFold | undefined {
    const folder = folders.find(({ category }) => category === categoryOf(stream));
    return folder && new StreamFold(folder);
  }

  take(event: RecordedEvent): void {
    this.state = this.folder.evolve(this.state as never, event as RecordedEvent & DomainEvent as never);
  }

  get result(): unknown {
    return this.state;
  }
}
