import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { EventsOf, Json } from '@app/kernel';
import { defineEvent } from '@app/kernel';

const json = Type.Unsafe<Json>(Type.Unknown());

export const callSchema = Type.Object({
  method: Type.String(),
  url: Type.String({ description: 'without query secrets' }),
  status: Type.Optional(Type.Integer()),
  durationMs: Type.Number(),
  responseBytes: Type.Optional(Type.Integer()),
  responseDigest: Type.Optional(Type.String({ description: 'SHA-256, hexadecimal' })),
});

export const runErrorSchema = Type.Object({
  code: Type.String(),
  message: Type.String(),
  nodeId: Type.Optional(Type.String()),
  attempt: Type.Optional(Type.Integer()),
  httpStatus: Type.Optional(Type.Integer()),
  bodyExcerpt: Type.Optional(Type.String()),
});
export type RunError = Static<typeof runErrorSchema>;

/** Content too large for an event: written to the blob store under its SHA-256 before the event that names it. */
export const blobReferenceSchema = Type.Object({
  sha256: Type.String(),
  bytes: Type.Integer(),
});
export type BlobReference = Static<typeof blobReferenceSchema>;

export const triggerSchema = Type.Object({
  kind: Type.Union([Type.Literal('rest'), Type.Literal('webhook')]),
  nodeId: Type.String({ description: 'the trigger node at which the run begins' }),
  idempotencyKey: Type.Optional(Type.String()),
});

/** Which step of which run: on every event of a step. */
const step = {
  workflowId: Type.String(),
  workflowName: Type.String(),
  stepNumber: Type.Integer({ minimum: 1 }),
  nodeId: Type.String(),
  stepName: Type.String(),
  nodeType: Type.String(),
};
/** On every event that begins or ends a run. */
const run = {
  workflowId: Type.String(),
  workflowName: Type.String(),
  workflowVersion: Type.Integer(),
};
/** Whose run it is from then on, where several servers share the log. */
const server = Type.Optional(Type.String());
/** On every event that ends a run. */
const end = { ...run, startedAt: Type.String({ format: 'date-time' }), durationMs: Type.Number() };

export const executionEvents = {
  ExecutionStarted: defineEvent(
    'ExecutionStarted',
    'A run of one version of a workflow began.',
    Type.Object({
      ...run,
      definitionHash: Type.String(),
      trigger: triggerSchema,
      input: json,
      inputBlob: Type.Optional(blobReferenceSchema),
      /** SHA-256 of what the caller sent as body: tells a repeated request from another one under the same key. */
      requestHash: Type.String(),
      totalSteps: Type.Integer(),
      deadlineAt: Type.String({ format: 'date-time' }),
      server,
    }),
  ),
  StepStarted: defineEvent(
    'StepStarted',
    'The engine claimed an attempt at a step, before any effect of it.',
    Type.Object({
      ...step,
      attempt: Type.Integer({ minimum: 1 }),
      input: Type.Optional(json),
      inputBlob: Type.Optional(blobReferenceSchema),
      effect: Type.Union([Type.Literal('idempotent'), Type.Literal('at_least_once'), Type.Literal('at_most_once')]),
      /** Present when the step calls a provider. */
      executorId: Type.Optional(Type.String()),
      providerConfigId: Type.Optional(Type.String()),
    }),
  ),
  StepCompleted: defineEvent(
    'StepCompleted',
    'A step ended well.',
    Type.Object({
      ...step,
      attempt: Type.Integer({ minimum: 1 }),
      startedAt: Type.String({ format: 'date-time' }),
      durationMs: Type.Number(),
      output: Type.Optional(json),
      outputBlob: Type.Optional(blobReferenceSchema),
      /** The edges that this step's outcome let through; the planner needs nothing else of it. */
      takenEdges: Type.Optional(Type.Array(Type.String())),
      call: Type.Optional(callSchema),
    }),
  ),
  StepFailed: defineEvent(
    'StepFailed',
    'An attempt at a step failed; with `retryAt` another one follows then.',
    Type.Object({
      ...step,
      attempt: Type.Integer({ minimum: 1 }),
      startedAt: Type.String({ format: 'date-time' }),
      durationMs: Type.Number(),
      error: runErrorSchema,
      call: Type.Optional(callSchema),
      retryAt: Type.Optional(Type.String({ format: 'date-time' })),
    }),
  ),
  StepSkipped: defineEvent(
    'StepSkipped',
    'A node will not run, because no edge leads to it any more.',
    Type.Object({
      workflowId: Type.String(),
      workflowName: Type.String(),
      nodeId: Type.String(),
      stepName: Type.String(),
      nodeType: Type.String(),
      reason: Type.String(),
    }),
  ),
  ExecutionCompleted: defineEvent(
    'ExecutionCompleted',
    'A run ended well.',
    Type.Object({
      ...end,
      output: Type.Optional(json),
      outputBlob: Type.Optional(blobReferenceSchema),
    }),
  ),
  ExecutionFailed: defineEvent(
    'ExecutionFailed',
    'A run ended with an error.',
    Type.Object({ ...end, error: runErrorSchema, nodeId: Type.Optional(Type.String()) }),
  ),
  ExecutionCancelled: defineEvent(
    'ExecutionCancelled',
    'Somebody ended a run; no new call was made afterwards.',
    Type.Object({ ...end, reason: Type.Optional(Type.String()) }),
  ),
  ExecutionRetried: defineEvent(
    'ExecutionRetried',
    'A failed run goes on from the step that failed.',
    Type.Object({
      ...run,
      fromNodeId: Type.String(),
      stepNumber: Type.Integer(),
      startedAt: Type.String({ format: 'date-time' }),
      deadlineAt: Type.String({ format: 'date-time' }),
      server,
    }),
  ),
};
export type ExecutionEvent = EventsOf<typeof executionEvents>;
