// The faults in force: which call they strike, and how often they have.
import type { AimOfCalls, ArmedFault, FaultName, Faults, Operation } from './interface.js';

/** What is asked of the node, for a fault to aim at. */
export interface Call {
  readonly operation: Operation;
  readonly stream?: string;
  /** A node that is not the leader serves it too. */
  readonly byAnyNode?: boolean;
}

/** What the settings of every fault have in them, beside those of their own. */
export interface FaultSettings extends AimOfCalls {
  readonly applied?: boolean;
  readonly then?: 'silence' | 'cut';
  readonly delayMs?: number;
  readonly events?: number;
  readonly actual?: number;
  readonly host?: string;
  readonly port?: number;
}

/** What faults do at once and to everything, not to one call. */
export interface Blows {
  /** Answer with how many connections or subscriptions were struck. */
  cut(): number;
  hold(onHeld: () => void): void;
  release(): void;
  drop(how: 'slow' | 'gone' | 'ended'): number;
}

export class Armed implements ArmedFault {
  #fired = 0;
  #cleared = false;
  #waiting: { readonly times: number; readonly resolve: () => void }[] = [];

  constructor(
    readonly name: FaultName,
    readonly settings: FaultSettings,
    readonly onClear: () => void = () => undefined,
  ) {}

  get fired(): number {
    return this.#fired;
  }

  get active(): boolean {
    return !this.#cleared && this.#fired < (this.settings.times ?? Infinity);
  }

  struck(times = 1): Promise<void> {
    if (this.#fired >= times) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ times, resolve }));
  }

  strike(count = 1): void {
    this.#fired += count;
    for (const { resolve } of this.#waiting.filter(({ times }) => times <= this.#fired)) resolve();
    this.#waiting = this.#waiting.filter(({ times }) => times > this.#fired);
  }

  clear(): void {
    if (this.#cleared) return;
    this.#cleared = true;
    this.onClear();
  }

  aimsAt({ operation, stream }: Call): boolean {
    const { operations = ['append'], streamPrefix } = this.settings;
    if (!operations.includes(operation)) return false;
    return streamPrefix === undefined || (stream ?? '').startsWith(streamPrefix);
  }
}

export class FaultBoard implements Faults {
  readonly #all: Armed[] = [];

  constructor(private readonly blows: Blows) {}

  /** The first fault of that name in force that aims at the call; taking it is its strike. */
  take(name: FaultName, call: Call): FaultSettings | undefined {
    const armed = this.#all.find((fault) => fault.name === name && fault.active && fault.aimsAt(call));
    armed?.strike();
    return armed?.settings;
  }

  #arm(name: FaultName, settings: FaultSettings, onClear?: () => void): Armed {
    const { times } = settings;
    if (times !== undefined && !(Number.isInteger(times) && times > 0)) {
      throw new RangeError(`${name}: times is a whole number above 0, not ${times}`);
    }
    const armed = new Armed(name, settings, onClear);
    this.#all.push(armed);
    return armed;
  }

  loseReply(options: Parameters<Faults['loseReply']>[0]): ArmedFault {
    return this.#arm('loseReply', { times: 1, ...options });
  }

  cutConnections(): ArmedFault {
    return this.#blow('cutConnections', () => this.blows.cut());
  }

  dropSubscriptions(how: 'slow' | 'gone' | 'ended' = 'slow'): ArmedFault {
    return this.#blow('dropSubscriptions', () => this.blows.drop(how));
  }

  #blow(name: FaultName, strike: () => number): ArmedFault {
    const armed = this.#arm(name, {});
    const struck = strike();
    if (struck > 0) armed.strike(struck);
    armed.clear();
    return armed;
  }

  blackHole(): ArmedFault {
    const armed = this.#arm('blackHole', {}, () => this.blows.release());
    this.blows.hold(() => armed.strike());
    return armed;
  }

  slowAnswers(options: Parameters<Faults['slowAnswers']>[0]): ArmedFault {
    return this.#arm('slowAnswers', options);
  }

  lateCheckpoints(options: Parameters<Faults['lateCheckpoints']>[0]): ArmedFault {
    return this.#arm('lateCheckpoints', { ...options, operations: ['subscribe'] });
  }

  wrongExpectedVersion(options: Parameters<Faults['wrongExpectedVersion']>[0] = {}): ArmedFault {
    return this.#arm('wrongExpectedVersion', options);
  }

  deadlineExceeded(options: Parameters<Faults['deadlineExceeded']>[0] = {}): ArmedFault {
    return this.#arm('deadlineExceeded', options);
  }

  notLeader(options: Parameters<Faults['notLeader']>[0]): ArmedFault {
    return this.#arm('notLeader', options);
  }

  notReady(options: AimOfCalls = {}): ArmedFault {
    return this.#arm('notReady', options);
  }

  unavailable(options: AimOfCalls = {}): ArmedFault {
    return this.#arm('unavailable', options);
  }

  accessDenied(options: AimOfCalls = {}): ArmedFault {
    return this.#arm('accessDenied', options);
  }

  firedOf(name: FaultName): number {
    return this.#all.filter((fault) => fault.name === name).reduce((sum, { fired }) => sum + fired, 0);
  }

  clear(): void {
    for (const fault of this.#all) fault.clear();
  }
}
