// The contract of the event store: what every adapter must do, whatever it is made of.
import { appendContract } from './event-store-append.contract.js';
import { composedContract } from './event-store-composed.contract.js';
import { lifeContract } from './event-store-life.contract.js';
import { readContract } from './event-store-read.contract.js';
import { subscribeContract } from './event-store-subscribe.contract.js';
import type { SubjectFactory } from './subject.contract.js';

export type { Subject, SubjectFactory } from './subject.contract.js';

/** Declares the suite; `start` gives an empty store for each test. */
export function eventStoreContract(start: SubjectFactory): void {
  describe('append', () => appendContract(start));
  describe('read', () => readContract(start));
  describe('subscribe', () => subscribeContract(start));
  describe('life', () => lifeContract(start));
  describe('composed', () => composedContract(start));
}
