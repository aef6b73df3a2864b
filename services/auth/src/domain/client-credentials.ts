import { OAuthError } from '@strongroom/errors/oauth-error';
import { isLine } from '@strongroom/schema/text';

/** How a client names and proves itself: by Basic, in the form, or by its name alone (public clients). */
export interface ClientCredentials {
  readonly id: string;
  /** All readings of what was sent; none for a client that only names itself. */
  readonly secrets: readonly string[];
}

/**
 * RFC 6749, 2.3.1. It wants both halves of Basic form-encoded; PrivX's clients send them as they are (contract
 * 1.2), standard libraries encode them. So both readings are tried: for ids and secrets made here, which are
 * letters, digits, `-` and `_`, they differ only when the sender did encode.
 */
export function readClientCredentials(
  authorization: string | undefined,
  form: { client_id?: string | undefined; client_secret?: string | undefined },
): ClientCredentials {
  if (authorization === undefined) {
    return {
      id: form.client_id ?? '',
      secrets: form.client_secret === undefined ? [] : [form.client_secret],
    };
  }
  if (form.client_secret !== undefined) {
    throw new OAuthError('invalid_request', 'A client authenticates in one way, not in two');
  }
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1] ?? '';
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  // A header that cannot be read names no client, which is then refused on the record.
  if (colon < 1 || !isLine(text)) return { id: '', secrets: [''] };
  const secret = text.slice(colon + 1);
  const id = formDecoded(text.slice(0, colon));
  if (form.client_id !== undefined && form.client_id !== id) {
    throw new OAuthError('invalid_request', 'The form names another client than the Authorization header');
  }
  return { id, secrets: [...new Set([secret, formDecoded(secret)])] };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
