// Which names promise a secret.

const sensitiveWords: ReadonlySet<string> = new Set([
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'token',
  'apikey',
  'authorization',
  'credential',
  'privatekey',
  'bearer',
  'cookie',
]);
const sensitivePairs: ReadonlySet<string> = new Set(['api key', 'private key', 'access key', 'signing key']);
/** A last word that names something about the secret, not the secret: `token_url`, `access_key_id`, `auth_type`. */
const harmlessEndings: ReadonlySet<string> = new Set(
  'url uri type id name endpoint method prefix location ttl ms seconds minutes expiry lifetime length'.split(' '),
);
const gluedEnding = /(?:password|secret|token|apikey|privatekey|credential)$/;
const headerWords: ReadonlySet<string> = new Set(['auth', 'key', 'signature', 'session', 'jwt']);

/** Words of `clientSecret`, `client-secret` and `client_secret` alike, lower-case, without a plural s. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => (word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word));
}

/** Whether a key of this name holds a secret: by words, so that `token` does and `token_url` does not. */
export function isSensitiveName(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1);
  if (last === undefined || harmlessEndings.has(last)) return false;
  return words.some(
    (word, index) =>
      sensitiveWords.has(word) || gluedEnding.test(word) || sensitivePairs.has(`${word} ${words[index + 1] ?? ''}`),
  );
}

/** The same for a header or query parameter, where `X-Auth` and `Subscription-Key` are secrets too. */
export function isSensitiveParameter(name: string): boolean {
  return isSensitiveName(name) || wordsOf(name).some((word) => headerWords.has(word));
}
