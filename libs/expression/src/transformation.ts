/** What transformations need of the world; both values end up in the recorded step input, so a run stays explained. */
export interface TransformationEnvironment {
  /** Milliseconds since 1970-01-01T00:00:00Z; read by `$now` of `timestamp` at evaluation. */
  nowMs(): number;
  /** A random UUID (version 4), lower case with hyphens; read by `uuid` version 4 at evaluation. */
  randomUuid(): string;
}
