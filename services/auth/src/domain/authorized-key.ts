import { parseMasks } from './address-masks.ts';
import type { SshPublicKey } from './ssh-key.ts';
import { parsePublicKey } from './ssh-key.ts';
import { parseTime } from './wire-time.ts';

/** A public key by which a person signs in to hosts (contract 4.2). */
export interface AuthorizedKey {
  readonly id: string;
  readonly userId: string;
  /** The person's, filled in on reading. */
  readonly username: string;
  readonly sourceId: string;
  readonly key: SshPublicKey;
  readonly notBefore: Date | null;
  readonly notAfter: Date | null;
  /** Addresses and CIDR blocks from which it may be used; none means any. */
  readonly sourceAddresses: readonly string[];
  readonly document: AuthorizedKeyDocument;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

export interface AuthorizedKeyDocument {
  readonly name: string;
  readonly comment: string;
  readonly enable_interactive_auth: boolean;
}

/** As clients send it. */
export interface AuthorizedKeyInput {
  public_key?: string | null;
  not_before?: string | null;
  not_after?: string | null;
  /** Seconds from now; counts where `not_after` is not given. */
  expires_in?: number | null;
  source_address?: readonly string[] | null;
  enable_interactive_auth?: boolean | null;
  name?: string | null;
  comment?: string | null;
}

export type AuthorizedKeyTerms = Pick<
  AuthorizedKey,
  'key' | 'notBefore' | 'notAfter' | 'sourceAddresses' | 'document'
>;

export interface AuthorizedKeyFault {
  readonly property: string;
  readonly message: string;
}

/** `current`: the key that a body without `public_key` keeps. */
export function readAuthorizedKey(
  input: AuthorizedKeyInput,
  now: Date,
  current?: SshPublicKey,
): AuthorizedKeyTerms | AuthorizedKeyFault {
  const sent = input.public_key ?? '';
  const key = sent === '' ? current : parsePublicKey(sent);
  if (key === undefined) {
    return {
      property: 'public_key',
      message: 'An OpenSSH public key without options is needed: Ed25519, ECDSA, or RSA of 2048 bits or more',
    };
  }
  const notBefore = parseTime(input.not_before);
  if (notBefore === undefined) return { property: 'not_before', message: 'Not an RFC 3339 time' };
  const stated = parseTime(input.not_after);
  if (stated === undefined) return { property: 'not_after', message: 'Not an RFC 3339 time' };
  const seconds = input.expires_in ?? 0;
  const notAfter = stated ?? (seconds > 0 ? new Date(now.getTime() + seconds * 1_000) : null);
  if (notBefore !== null && notAfter !== null && notAfter <= notBefore) {
    return { property: 'not_after', message: 'The end is not after the beginning' };
  }
  const sourceAddresses = input.source_address ?? [];
  if (parseMasks(sourceAddresses) === undefined) {
    return { property: 'source_address', message: 'Not an address or a CIDR block' };
  }
  return {
    key,
    notBefore,
    notAfter,
    sourceAddresses,
    document: {
      name: input.name ?? '',
      comment: input.comment ?? '',
      enable_interactive_auth: input.enable_interactive_auth ?? false,
    },
  };
}
