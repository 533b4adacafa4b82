// Who may do what to which stream: the access lists of a node, as far as a caller's one role goes.
import type { EventLog } from './event-log.js';

export type Deed = 'read' | 'write' | 'delete';
type AccessList = Readonly<Record<string, unknown>>;

const ADMINS = '$admins';
const EVERYBODY = '$all';
const keys = { read: '$r', write: '$w', delete: '$d' } as const;
const metadataKeys = { read: '$mr', write: '$mw' } as const;

/** Without a role everything is allowed; with one, writing to `$all` and deleting metadata is refused to everybody. */
export function mayDo(log: EventLog, role: string | undefined, deed: Deed, stream: string): boolean {
  if (role === undefined) return true;
  if (stream === '$all' && deed !== 'read') return false;
  const isMetadata = stream.startsWith('$$');
  if (isMetadata && deed === 'delete') return false;
  if (role === ADMINS) return true;
  const subject = isMetadata ? stream.slice(2) : stream;
  const roles = rolesFor(log, subject, isMetadata && deed !== 'delete' ? metadataKeys[deed] : keys[deed]);
  return roles.includes(EVERYBODY) || roles.includes(role);
}

/** The stream's own list, then that of the settings, then that of the node: the first that says anything. */
function rolesFor(log: EventLog, stream: string, key: string): readonly string[] {
  const isSystem = stream.startsWith('$');
  const settings = log.documentOf('$settings')?.[isSystem ? '$systemStreamAcl' : '$userStreamAcl'];
  const own = log.documentOf(`$$${stream}`)?.['$acl'];
  for (const list of [own, settings] as (AccessList | undefined)[]) {
    const roles = list?.[key];
    if (typeof roles === 'string') return [roles];
    if (Array.isArray(roles)) return roles as string[];
  }
  return isSystem ? [ADMINS] : [EVERYBODY];
}
