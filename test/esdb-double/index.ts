// A test double of EventStoreDB that speaks its gRPC protocol; see README.md for what it is not.
export type {
  Aim,
  AimOfCalls,
  ArmedFault,
  Counters,
  DoubleOptions,
  EsdbDouble,
  FaultName,
  Faults,
  Operation,
  StartDouble,
  StoredEvent,
} from './interface.js';
export { startDouble } from './double.js';
