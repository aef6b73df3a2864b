import type { Stamps } from './stamps.ts';

/** A component that works on the platform's behalf in other networks (contract 5.2). */
export interface TrustedClient extends Stamps {
  readonly id: string;
  readonly name: string;
  readonly type: TrustedClientType;
  /** What clients sent and want back unchanged. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly sealedSecret: Buffer;
  readonly sealedOAuthSecret: Buffer;
}

export const TRUSTED_CLIENT_TYPES = ['EXTENDER', 'CARRIER', 'ICAP', 'HOST_PROVISIONING'] as const;
export type TrustedClientType = (typeof TRUSTED_CLIENT_TYPES)[number];

/** What a client of a type may do is not for its author to say; what was sent is ignored. */
export const PERMISSIONS_OF_TYPE: Readonly<Record<TrustedClientType, string>> = {
  EXTENDER: 'privx-extender',
  CARRIER: 'privx-carrier',
  ICAP: 'privx-icap',
  HOST_PROVISIONING: 'privx-host-provisioning',
};

/** Where a client reaches to unless it is said: everywhere (contract 5.2). */
export const ALL_SUBNETS: readonly string[] = ['0.0.0.0/0', '::/0'];
