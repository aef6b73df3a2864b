/** vault says some days before, and once, that a secret reaches the date at which it ought to be replaced. */
export const SECRET_EXPIRING = 'secret.expiring';

export interface SecretExpiring {
  readonly secretId: string;
  readonly name: string;
  /** Of a personal secret. */
  readonly ownerId?: string;
  /** Who created it. */
  readonly author: string;
  readonly writeRoles: readonly string[];
  readonly expires: string;
}
