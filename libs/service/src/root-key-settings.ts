import type { Settings } from '@strongroom/config/settings';
import { parseRootKey } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { newRootKeyInvalid } from '@strongroom/keys/key-errors';

/** What a service with sealed values is given. */
export interface RootKeySecrets {
  readonly rootKey: SecretBytes;
  /** The one to change to, asked for each time it matters. Absent: there is none. */
  readonly newRootKey?: () => SecretBytes | undefined;
}

/** A file of the new key need not be there at the start: it is read when somebody asks to change the root key. */
export function readRootKeys(settings: Settings): Required<RootKeySecrets> {
  const rootKey = parseRootKey(settings.text('STRONGROOM_ROOT_KEY'));
  if (rootKey === undefined) settings.fault('STRONGROOM_ROOT_KEY must be 32 bytes in base64url');
  return {
    rootKey: rootKey ?? new SecretBytes(new Uint8Array()),
    newRootKey: newRootKey(settings.laterText('STRONGROOM_NEW_ROOT_KEY')),
  };
}

/** Throws NEW_ROOT_KEY_INVALID, which tells nothing of the text. */
export const newRootKey = (read: () => string | undefined) => (): SecretBytes | undefined => {
  const text = read();
  if (text === undefined) return undefined;
  const key = parseRootKey(text);
  if (key === undefined) throw newRootKeyInvalid();
  return key;
};
