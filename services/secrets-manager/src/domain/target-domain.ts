import { invalidField } from '@strongroom/errors/common-errors';
import type { Authored } from './authored.ts';
import { lower } from './host.ts';
import { MASK } from './passphrases.ts';

/** One way to reach a directory, under the wire's names (contract 3.5). No member is null. */
export interface Endpoint {
  readonly type: string;
  /** The lowest is tried first. */
  readonly scan_priority?: number;
  readonly rotation_priority?: number;
  /** What an account's members are called in the directory. */
  readonly attribute_mapping?: Readonly<Record<string, string>>;
  readonly ldap_protocol?: string;
  readonly ldap_address?: string;
  readonly ldap_port?: number;
  readonly ldap_base_dn?: string;
  readonly ldap_bind_dn?: string;
  /** In clear on the way in, the mask once it is stored. So is the next. */
  readonly ldap_bind_password?: string;
  readonly entra_client_secret?: string;
  readonly ldap_user_filter?: string;
  /** PEM. */
  readonly ldap_root_certificates?: string;
  readonly ldap_skip_strict_cert_check?: boolean;
  readonly [member: string]: unknown;
}

export interface TargetDomainSettings {
  readonly name: string;
  readonly domainName: string;
  readonly enabled: boolean;
  readonly periodicScan: boolean;
  /** In seconds. */
  readonly periodicScanInterval: number;
  readonly autoOnboarding: boolean;
  readonly autoOnboardingPolicyId: string | null;
  readonly endpoints: readonly Endpoint[];
  readonly comment: string;
}

/** Empty: there was none yet. */
export type ScanStatus = '' | 'PENDING' | 'RUNNING' | 'OK' | 'ERROR';

export interface TargetDomain extends Authored, TargetDomainSettings {
  readonly sealedEndpointSecrets: Buffer | null;
  readonly scanStatus: ScanStatus;
  readonly scanMessage: string;
  /** When the last scan ended that went through the whole directory. */
  readonly lastScanned: Date | null;
}

export const DEFAULT_SCAN_INTERVAL_SECONDS = 86_400;

/** Their words, in any case: Active Directory is a directory by LDAP, too. */
const LDAP_TYPES = ['LDAP', 'AD'];
export const ENDPOINT_TYPES: readonly string[] = [...LDAP_TYPES, 'ENTRA'];

export const isLdap = ({ type }: Pick<Endpoint, 'type'>): boolean => LDAP_TYPES.includes(type.toUpperCase());

/** Those of this kind of priority, the lowest first; of equals in their order. */
export const inOrder = (
  endpoints: readonly Endpoint[],
  by: 'scan_priority' | 'rotation_priority',
): { readonly endpoint: Endpoint; readonly index: number }[] =>
  endpoints
    .map((endpoint, index) => ({ endpoint, index }))
    .sort((one, other) => (one.endpoint[by] ?? 0) - (other.endpoint[by] ?? 0));

/** What is secret of one endpoint; empty text: there is none. */
export interface EndpointSecrets {
  readonly ldap_bind_password: string;
  readonly entra_client_secret: string;
}

const SECRET_MEMBERS = ['ldap_bind_password', 'entra_client_secret'] as const;

export interface SettledEndpoints {
  /** With the mask in place of each secret. */
  readonly endpoints: readonly Endpoint[];
  /** In the order of the endpoints. */
  readonly secrets: readonly EndpointSecrets[];
}

/**
 * Takes the secrets out of the endpoints. A mask stands for the secret that was stored for the same account at the same
 * place: whoever sends a secret somewhere else must know it.
 */
export function settleEndpoints(
  endpoints: readonly Endpoint[],
  before: SettledEndpoints = { endpoints: [], secrets: [] },
): SettledEndpoints {
  const known = new Map(before.endpoints.map((endpoint, index) => [placeOf(endpoint), index]));
  const secrets = endpoints.map((endpoint, index) => {
    const stored = before.secrets[known.get(placeOf(endpoint)) ?? -1];
    const settle = (member: (typeof SECRET_MEMBERS)[number]) => {
      const given = endpoint[member] ?? '';
      if (given !== MASK) return given;
      if (stored !== undefined && stored[member] !== '') return stored[member];
      throw invalidField(
        `endpoints.${index}.${member}`,
        'The mask stands for what is stored for the same account at the same address, and there is nothing',
        'VALUE_INCORRECT_FORMAT',
      );
    };
    return {
      ldap_bind_password: settle('ldap_bind_password'),
      entra_client_secret: settle('entra_client_secret'),
    };
  });
  return {
    endpoints: endpoints.map((endpoint, index) => masked(endpoint, secrets[index])),
    secrets,
  };
}

const placeOf = (endpoint: Endpoint): string =>
  JSON.stringify(
    [
      endpoint.type.toUpperCase(),
      lower(endpoint.ldap_address ?? ''),
      endpoint.ldap_port ?? 0,
      endpoint.ldap_bind_dn,
      endpoint['entra_base_url'],
      endpoint['entra_tenant_id'],
      endpoint['entra_client_id'],
    ].map(part => part ?? ''),
  );

function masked(endpoint: Endpoint, secrets: EndpointSecrets | undefined): Endpoint {
  const changes: [string, string][] = SECRET_MEMBERS.flatMap(member =>
    endpoint[member] === undefined
      ? []
      : [[member, secrets?.[member] === '' ? '' : MASK] as [string, string]],
  );
  return { ...endpoint, ...Object.fromEntries(changes) };
}

export const domainSearchText = ({ name, domainName, comment, endpoints }: TargetDomainSettings): string =>
  lower([name, domainName, comment, ...endpoints.map(endpoint => endpoint.ldap_address ?? '')].join('\n'));
