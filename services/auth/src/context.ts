import type { Keyring } from '@strongroom/crypto/keyring';
import type { Foundations } from '@strongroom/service/foundations';
import type { AuthSecrets } from './config.ts';
import type { TokenSigner } from './operations/token-signer.ts';

/** What auth's operations may use. */
export interface AuthContext extends Foundations {
  readonly keyring: Keyring;
  readonly signer: TokenSigner;
  readonly machineSecrets: AuthSecrets['machineSecrets'];
}
