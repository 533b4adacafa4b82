import type { EsdbFault } from './esdb-fault.js';
import {
  afterGivingUp,
  faultOf,
  grpc,
  isTooSlow,
  NodeGaveUp,
  readError,
  refusedAppend,
  surelyNotSent,
  unansweredAppend,
} from './esdb-fault.js';

const fault = (code: number | undefined, details: string, exception?: string): EsdbFault => ({
  ...(code !== undefined && { code }),
  details,
  ...(exception !== undefined && { exception }),
});

describe('the end of a call that carried an append', () => {
  it.each([
    [
      'no connection',
      fault(grpc.unavailable, 'No connection established. Last error: ECONNREFUSED'),
      'StoreUnavailable',
    ],
    ['no such host', fault(grpc.unavailable, 'Name resolution failed for target dns:a'), 'StoreUnavailable'],
    ['a connection that was cut', fault(grpc.unavailable, 'read ECONNRESET'), 'AppendOutcomeUnknown'],
    ['a node that goes away', fault(grpc.unavailable, 'Connection dropped'), 'AppendOutcomeUnknown'],
    ['a deadline', fault(grpc.deadlineExceeded, 'Deadline exceeded'), 'AppendOutcomeUnknown'],
    ['a call that the node cancelled', fault(grpc.cancelled, 'Call cancelled'), 'AppendOutcomeUnknown'],
    ['a call that the node ended', fault(grpc.ok, 'the node ended the call'), 'AppendOutcomeUnknown'],
    ['an unknown failure', fault(grpc.unknown, 'Exception was thrown by handler.'), 'AppendOutcomeUnknown'],
    ['a failure that is no status', fault(undefined, 'No connection established'), 'AppendOutcomeUnknown'],
    ['another leader', { ...fault(grpc.notFound, 'Leader info available', 'not-leader') }, 'AppendOutcomeUnknown'],
    ['a wrong password', fault(grpc.unauthenticated, 'Unauthenticated'), 'AccessDenied'],
    ['a user without rights', fault(grpc.permissionDenied, 'Access Denied', 'access-denied'), 'AccessDenied'],
    ['a node that is too old', fault(grpc.unimplemented, 'Method is unimplemented.'), 'StoreUnavailable'],
  ])('%s', (_, given, code) => {
    expect(unansweredAppend(given, 'thing-1')).toMatchObject({ code, details: { stream: 'thing-1' } });
    expect(surelyNotSent(given)).toBe(code === 'StoreUnavailable' && given.code === grpc.unavailable);
  });
});

describe('the refusal of an append', () => {
  it.each([
    ['AccessDenied', 'AccessDenied', 'AccessDenied'],
    ['StreamDeleted', 'StreamDeleted', 'StreamTombstoned'],
    ['MaximumAppendSizeExceeded', 'MaximumAppendSizeExceeded', 'AppendTooLarge'],
    ['BadRequest', 'Required field not set.', 'InvalidArgument'],
    ['Timeout', 'Timeout', 'AppendOutcomeUnknown'],
    ['Unknown', 'Unknown', 'AppendOutcomeUnknown'],
    ['InvalidTransaction', '', 'AppendOutcomeUnknown'],
    ['Empty', 'Server Is Not Ready', 'StoreUnavailable'],
    ['Empty', 'Server Is Busy', 'StoreUnavailable'],
    ['Empty', 'No leader info available in response', 'StoreUnavailable'],
    ['Empty', 'Unknown NotHandledReason (9)', 'StoreUnavailable'],
    ['Empty', 'Envelope callback expected either ...', 'AppendOutcomeUnknown'],
    ['', '', 'AppendOutcomeUnknown'],
    ['SomethingNew', 'Server Was Restarted', 'AppendOutcomeUnknown'],
  ])('%s, "%s", is %s', (type, message, code) => {
    expect(refusedAppend({ type, message }, 'thing-1', 3)).toMatchObject({ code, details: { stream: 'thing-1' } });
  });

  it.each([
    [7, 7],
    [undefined, -1],
  ])('for another revision than expected says both (%p)', (actual, told) => {
    const refusal = { type: 'WrongExpectedVersion', message: '', ...(actual !== undefined && { actual }) };
    expect(refusedAppend(refusal, 'thing-1', 3)).toMatchObject({
      code: 'WrongExpectedRevision',
      details: { stream: 'thing-1', expected: 3, actual: told },
    });
  });
});

describe('a repetition of an append that the node gave up on', () => {
  const stream = 'thing-1';

  it('is the truth about both where the node compared them', () => {
    const refusal = refusedAppend({ type: 'WrongExpectedVersion', message: '', actual: 7 }, stream, 3);
    expect(afterGivingUp(refusal, stream)).toBe(refusal);
    const unknown = refusedAppend({ type: 'Timeout', message: 'Timeout' }, stream, 3);
    expect(unknown).toBeInstanceOf(NodeGaveUp);
    expect(afterGivingUp(unknown, stream)).toBe(unknown);
  });

  it('says nothing about the original where it did not happen itself', () => {
    for (const message of ['Server Is Not Ready', 'No leader info available in response']) {
      const refusal = refusedAppend({ type: 'Empty', message }, stream, 3);
      expect(refusal.code).toBe('StoreUnavailable');
      expect(afterGivingUp(refusal, stream)).toMatchObject({ code: 'AppendOutcomeUnknown' });
    }
    const denied = unansweredAppend(fault(grpc.unauthenticated, ''), stream);
    expect(afterGivingUp(denied, stream)).toMatchObject({ code: 'AppendOutcomeUnknown' });
  });
});

describe('a read that failed', () => {
  it.each([
    [fault(grpc.permissionDenied, 'Access Denied', 'access-denied'), 'AccessDenied'],
    [fault(grpc.unauthenticated, 'Unauthenticated'), 'AccessDenied'],
    [fault(9, "Event stream 'thing-1' is deleted.", 'stream-deleted'), 'StreamTombstoned'],
    [fault(grpc.notFound, 'not found', 'stream-not-found'), 'StreamNotFound'],
    [fault(grpc.notFound, 'Leader info available', 'not-leader'), 'StoreUnavailable'],
    [fault(grpc.invalidArgument, 'revision'), 'InvalidArgument'],
    [fault(grpc.unavailable, 'Server Is Not Ready'), 'StoreUnavailable'],
    [fault(grpc.aborted, 'Operation timed out: Consumer too slow to handle event'), 'StoreUnavailable'],
    [fault(undefined, 'write after end'), 'StoreUnavailable'],
  ])('%p is %s', (given, code) => {
    expect(readError(given, 'thing-1')).toMatchObject({ code, details: { stream: 'thing-1' } });
  });

  it('because the consumer was too slow is told apart', () => {
    expect(isTooSlow(fault(grpc.aborted, 'Operation timed out: Consumer too slow to handle event while live.'))).toBe(
      true,
    );
    expect(isTooSlow(fault(grpc.aborted, 'Operation timed out'))).toBe(false);
    expect(isTooSlow(fault(grpc.unavailable, 'too slow'))).toBe(false);
  });
});

describe('what a call threw', () => {
  it('is taken for what it is: a status with what its metadata say, or nothing but a message', () => {
    const headers: Record<string, string> = {
      exception: 'not-leader',
      'leader-endpoint-host': '10.0.0.2',
      'leader-endpoint-port': '2113',
    };
    const metadata = { get: (name: string) => (name in headers ? [headers[name]] : []) };
    const status = Object.assign(new Error('5 NOT_FOUND: x'), { code: 5, details: 'x', metadata });
    const leader = { address: '10.0.0.2', port: 2113 };
    expect(faultOf(status)).toEqual({ code: 5, details: 'x', exception: 'not-leader', leader });
    expect(faultOf(new Error('socket hang up'))).toEqual({ details: 'socket hang up' });
    expect(faultOf(Object.assign(new Error('m'), { code: 'ECONNRESET' }))).toEqual({ details: 'm' });
    expect(faultOf({})).toEqual({ details: 'unknown failure' });
  });
});
