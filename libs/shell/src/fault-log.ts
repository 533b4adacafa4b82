/** What operators are told. Errors go in `details.error`; no secret goes anywhere. */
export interface FaultLog {
  error(message: string, details: object): void;
}
