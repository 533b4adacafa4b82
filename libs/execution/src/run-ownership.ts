// Which server drives which runs, where several share one log. A run belongs to the server named in the event that began
// (or reopened) it, and to whoever takes over from that server.

export abstract class RunOwnership {
  /** Stands in the first event of the runs that this server begins; undefined where it is the only one. */
  abstract readonly self: string | undefined;
  /** Whether the runs of that server are this one's to drive; undefined: runs of a log that had one server only. */
  abstract owns(server: string | undefined): boolean;
  /** Takes over from servers that are gone. @returns those newly gone. Throws StoreError. */
  abstract takeOver(): Promise<readonly string[]>;
  /** Nothing is left to do of what was taken over from that server. Throws StoreError. */
  abstract settled(server: string): Promise<void>;
  /** How often to look for servers that are gone; undefined: never. */
  abstract readonly lookEveryMs: number | undefined;
  /** From now on others may take over. Idempotent. */
  abstract close(): Promise<void>;
}

/** One server, one log: a lock on the data directory says so. */
export class SoleOwnership extends RunOwnership {
  readonly self = undefined;
  readonly lookEveryMs = undefined;

  owns(): boolean {
    return true;
  }

  takeOver(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
