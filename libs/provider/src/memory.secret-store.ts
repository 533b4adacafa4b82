import { randomUUID } from 'node:crypto';
import { SecretStore } from './secret-store.js';

/** For tests and the simulator: gone with the process. */
export class MemorySecretStore extends SecretStore {
  private readonly texts = new Map<string, string>();

  async put(text: string): Promise<string> {
    const id = randomUUID();
    this.texts.set(id, text);
    return id;
  }

  async get(id: string): Promise<string | undefined> {
    return this.texts.get(id);
  }

  async delete(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.texts.delete(id);
  }

  async close(): Promise<void> {}
}
