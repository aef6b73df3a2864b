import type { Foundations } from '@strongroom/service/foundations';

/** What secrets-manager's operations may use. An operation names the slice that it needs. */
export type SecretsManagerContext = Foundations;
