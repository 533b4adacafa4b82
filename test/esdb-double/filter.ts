// Which events a filter of the protocol lets through.
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StoredEvent } from './interface.js';

export type Filter = streams.ReadReq.Options.FilterOptions;

/** Everything, where there is no filter. */
export function filterOf(filter: Filter | undefined): (event: StoredEvent) => boolean {
  if (!filter) return () => true;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  const pattern = expression?.getRegex() ?? '';
  const matches =
    pattern === ''
      ? (text: string) => (expression?.getPrefixList() ?? []).some((prefix) => text.startsWith(prefix))
      : (text: string) => new RegExp(pattern).test(text);
  return ({ stream, type }) => matches(byStream ? stream : type);
}
