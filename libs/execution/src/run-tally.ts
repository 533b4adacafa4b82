/** What a runner has done since its server started: for the metrics. */
export class RunTally {
  /** Ends recorded by this server. */
  readonly runs = { completed: 0, failed: 0, cancelled: 0 };
  /** Attempts at provider calls that brought a result. */
  readonly calls = { succeeded: 0, failed: 0 };
}
