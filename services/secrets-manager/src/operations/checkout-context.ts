import type { SecretsManagerContext } from '../context.ts';

/** What operations on checkouts may use. */
export type CheckoutContext = Pick<
  SecretsManagerContext,
  'audit' | 'config' | 'db' | 'keyring' | 'log' | 'newId' | 'now' | 'ring' | 'vault'
>;
