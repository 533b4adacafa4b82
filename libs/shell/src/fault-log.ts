/** What operators are told. */
export abstract class FaultLog {
  /**
   * Never throws. An Error goes in `details.error`. Values under names that hold secrets (`authorization`, `password`,
   * `secret`, `token`, ...) do not reach the log, at the first two levels of `details`.
   */
  abstract error(message: string, details: object): void;
}
