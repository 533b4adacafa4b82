// The cursor of every list: opaque to clients, recognised when it is foreign or altered.
import type { Json } from '@app/kernel';
import { sha256Hex } from '@app/kernel';

const CHECK_DIGITS = 12;
const alphabet = /^[A-Za-z0-9_-]+$/;

/** Text for the wire. `view` names the list that it belongs to, so that a cursor of another list is refused. */
export function encodeCursor(view: string, payload: Json): string {
  const json = JSON.stringify(payload);
  return toBase64Url(`${checkOf(view, json)}${json}`);
}

/** The payload, or undefined for any text that `encodeCursor(view, ...)` did not make: answer it with 400. */
export function decodeCursor(view: string, text: string): Json | undefined {
  const content = fromBase64Url(text);
  if (content === undefined) return undefined;
  const json = content.slice(CHECK_DIGITS);
  if (content.slice(0, CHECK_DIGITS) !== checkOf(view, json)) return undefined;
  try {
    return JSON.parse(json) as Json;
  } catch {
    return undefined;
  }
}

/** Finds accidents and tampering; it is no secret, and a cursor grants nothing. */
function checkOf(view: string, json: string): string {
  return sha256Hex(`${view}\u0000${json}`).slice(0, CHECK_DIGITS);
}

function toBase64Url(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64Url(text: string): string | undefined {
  if (!alphabet.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const content = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // Base64 has several spellings of the same bytes; only ours is a cursor.
    return toBase64Url(content) === text ? content : undefined;
  } catch {
    return undefined;
  }
}
