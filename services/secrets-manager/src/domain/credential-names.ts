import { createHash } from 'node:crypto';
import { PLACES, type AccountKey } from './account-path.ts';

/** What a name in vault may have (docs/adr/0004-names.md), less the longest of our prefixes and a system's id. */
const MAX_ACCOUNT_LENGTH = 512 - 'rotations/'.length - 36 - 1;

/** An account as one segment of a name: percent-encoded, so that names of any spelling stay apart. */
function segmentOf(account: string): string {
  const encoded = encodeURIComponent(account).replace(/^\.+$/, dots => '%2E'.repeat(dots.length));
  if (encoded.length <= MAX_ACCOUNT_LENGTH) return encoded;
  // No encoded name has a colon.
  return `sha256:${createHash('sha256').update(account).digest('hex')}`;
}

/** Where vault keeps the passwords of an account, version by version. */
export const credentialName = ({ system, systemId, account }: AccountKey): string =>
  `${PLACES[system]}/${systemId}/${segmentOf(account)}`;

/** Where vault keeps what may become its password. */
export const candidateName = ({ systemId, account }: AccountKey): string =>
  `rotations/${systemId}/${segmentOf(account)}`;
