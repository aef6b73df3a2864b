import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import type { PasswordHasher } from '@strongroom/crypto/password';
import type { Foundations } from '@strongroom/service/foundations';
import type { RemoteKeys } from './clients/remote-keys.ts';
import type { AuthConfig, AuthSecrets } from './config.ts';
import type { TokenSigner } from './operations/token-signer.ts';

/** What auth's operations may use. */
export interface AuthContext extends Foundations {
  readonly config: AuthConfig;
  readonly keyring: LiveKeyring;
  readonly signer: TokenSigner;
  /** Keys of identity providers that publish them. */
  readonly remoteKeys: RemoteKeys;
  readonly machineSecrets: AuthSecrets['machineSecrets'];
  readonly passwords: PasswordHasher;
}
