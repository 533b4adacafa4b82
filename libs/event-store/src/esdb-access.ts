// Who may do what with the streams of a node: the engine's user appends and reads, and nobody but $admins deletes, truncates or
// changes metadata. By default any user of a node may do all of that, and none but $admins may read the whole log.

/** A JSON object that the node obeys, as the last event of one of its own streams. */
export interface AccessDocument {
  readonly stream: string;
  readonly type: string;
  /** The document as it should be, given the one that stands. */
  change(standing: Json): Json;
}

export type Json = Readonly<Record<string, unknown>>;

const ADMINS = '$admins';
export const SETTINGS_STREAM = '$settings';

/** Where the metadata of the streams `$all` and `$settings` stand. */
const METADATA_OF_ALL = '$$$all';
const METADATA_OF_SETTINGS = '$$$settings';

export function accessDocuments(engineUser: string): readonly AccessDocument[] {
  return [
    {
      stream: SETTINGS_STREAM,
      type: 'update-default-acl',
      change: (standing) => ({
        ...standing,
        $userStreamAcl: { $r: [engineUser, ADMINS], $w: [engineUser, ADMINS], $d: ADMINS, $mr: ADMINS, $mw: ADMINS },
      }),
    },
    { stream: METADATA_OF_ALL, type: '$metadata', change: (standing) => readableBy(standing, engineUser) },
    { stream: METADATA_OF_SETTINGS, type: '$metadata', change: (standing) => readableBy(standing, engineUser) },
  ];
}

/** Why these settings of a node do not protect the log, for operators; undefined when they do. */
export function accessProblem(settings: Json | undefined): string | undefined {
  const acl = objectAt(settings, '$userStreamAcl');
  if (!acl) return 'no access rules are set';
  if (!onlyAdmins(acl['$d'])) return 'others than $admins may delete streams';
  if (!onlyAdmins(acl['$mw'])) return 'others than $admins may change metadata and so truncate streams';
  if (rolesIn(acl['$w']).some((role) => role === '$all') || acl['$w'] === undefined) return 'anybody may append';
  return undefined;
}

/** Whom else the metadata let read may go on reading. */
function readableBy(standing: Json, user: string): Json {
  const acl = objectAt(standing, '$acl') ?? {};
  return { ...standing, $acl: { ...acl, $r: [...new Set([...rolesIn(acl['$r']), user, ADMINS])] } };
}

function onlyAdmins(roles: unknown): boolean {
  return roles !== undefined && rolesIn(roles).every((role) => role === ADMINS);
}

/** One role may stand by itself, without a list. */
function rolesIn(roles: unknown): string[] {
  return (Array.isArray(roles) ? roles : [roles]).filter((role) => typeof role === 'string');
}

function objectAt(document: Json | undefined, key: string): Json | undefined {
  const value = document?.[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}
