import { KeyChecks } from './key-checks.js';

export class MemoryKeyChecks extends KeyChecks {
  private readonly values = new Map<string, string>();

  async keep(name: string, value: string): Promise<string> {
    const kept = this.values.get(name) ?? value;
    this.values.set(name, kept);
    return kept;
  }
}
