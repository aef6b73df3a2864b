import type { SecretsManagerContext } from '../context.ts';
import type { AccountKey } from '../domain/account-path.ts';
import type { PasswordPolicy } from '../domain/password-policy.ts';
import type { Authority, TargetDescription } from '../targets/target.ts';

/** All that it takes to change and to prove the password of an account. */
export interface DescribedAccount {
  readonly key: AccountKey;
  readonly systemName: string;
  readonly target: TargetDescription;
  /** The host has no key that must be the one: the first that it shows is to be trusted from then on. */
  readonly trustsFirstKey: boolean;
  readonly policy: PasswordPolicy;
  /** Undefined: a database, or a directory. */
  readonly script: string | undefined;
  /** False: nothing new is to be begun. */
  readonly mayBegin: boolean;
  /** Who changes the password. `current` is the account's own. */
  readonly authority: (current: string | undefined) => Promise<Authority>;
}

export type Describing = Pick<SecretsManagerContext, 'db' | 'keyring' | 'vault' | 'rotation'>;
