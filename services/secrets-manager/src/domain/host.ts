import type { Authored } from './authored.ts';

/**
 * A host as clients send it and want it back, under the wire's names (contract 6.2). Only what the platform looks at
 * is named here; the schema bounds the rest. No member is null.
 */
export interface HostDocument {
  readonly common_name?: string;
  readonly addresses?: readonly string[];
  readonly external_id?: string;
  readonly instance_id?: string;
  readonly tags?: readonly string[];
  readonly services?: readonly HostService[];
  readonly principals?: readonly HostPrincipal[];
  /** Trust on first use: the key that the host shows first is taken for its own. */
  readonly tofu?: boolean;
  readonly ssh_host_public_keys?: readonly { readonly key?: string; readonly fingerprint?: string }[];
  readonly password_rotation_enabled?: boolean;
  readonly password_rotation?: RotationBlock;
  readonly [member: string]: unknown;
}

export interface HostService {
  readonly service?: string;
  readonly address?: string;
  readonly port?: number;
  readonly use_for_password_rotation?: boolean;
  readonly db?: {
    readonly protocol?: string;
    readonly tls_certificate_validation?: string;
    readonly tls_certificate_trust_anchors?: string;
  };
  readonly [member: string]: unknown;
}

export interface HostPrincipal {
  readonly principal?: string;
  /** In clear on the way in, the mask once it is stored. */
  readonly passphrase?: string;
  readonly rotate?: boolean;
  readonly use_for_password_rotation?: boolean;
  readonly roles?: readonly Handle[];
  readonly command_restrictions?: CommandRestrictions;
  readonly [member: string]: unknown;
}

export interface CommandRestrictions {
  readonly default_whitelist?: Partial<Handle>;
  readonly whitelists?: readonly {
    readonly whitelist?: Partial<Handle>;
    readonly roles?: readonly Handle[];
  }[];
  readonly [member: string]: unknown;
}

/** A reference to a role or a whitelist. Only the id is kept; names belong to what it names. */
export interface Handle {
  readonly id: string;
}

/** Contract 6.3. */
export interface RotationBlock {
  readonly access_group_id?: string;
  readonly use_main_account?: boolean;
  readonly operating_system?: string;
  readonly winrm_address?: string;
  readonly winrm_port?: number;
  readonly certificate_validation_options?: string;
  readonly winrm_host_certificate_trust_anchors?: string;
  readonly protocol?: string;
  readonly password_policy_id?: string;
  readonly script_template_id?: string;
}

export interface Host extends Authored {
  readonly document: HostDocument;
  readonly sealedPassphrases: Buffer | null;
  /** 'false', or who disabled it. */
  readonly disabled: string;
  readonly deployable: boolean;
}

export const ENABLED = 'false';
export const DISABLED_BY_ADMIN = 'BY_ADMIN';

/** An id and where in the document it stands. */
export interface Reference {
  readonly id: string;
  readonly property: string;
}

/** Every mention of a role: on a principal, or on a whitelist of one. */
export function roleReferences({ principals = [] }: HostDocument): Reference[] {
  return principals.flatMap((principal, index) => {
    const at = `principals.${index}`;
    const grants = principal.command_restrictions?.whitelists ?? [];
    return [
      ...referencesOf(principal.roles, `${at}.roles`),
      ...grants.flatMap((grant, place) =>
        referencesOf(grant.roles, `${at}.command_restrictions.whitelists.${place}.roles`),
      ),
    ];
  });
}

const referencesOf = (handles: readonly Handle[] = [], at: string): Reference[] =>
  handles.map(({ id }, index) => ({ id, property: `${at}.${index}.id` }));

/** Every mention of a whitelist. An empty id mentions none: Go's SDK sends it for what is unset. */
export function whitelistReferences({ principals = [] }: HostDocument): Reference[] {
  return principals
    .flatMap(({ command_restrictions: restrictions }, index) => {
      const at = `principals.${index}.command_restrictions`;
      return [
        { id: restrictions?.default_whitelist?.id ?? '', property: `${at}.default_whitelist.id` },
        ...(restrictions?.whitelists ?? []).map(({ whitelist }, place) => ({
          id: whitelist?.id ?? '',
          property: `${at}.whitelists.${place}.whitelist.id`,
        })),
      ];
    })
    .filter(({ id }) => id !== '');
}

/** The parts of a document by which hosts are searched, in the form in which they are compared. */
export interface SearchedParts {
  readonly commonName: string;
  /** Of the host and of its services. */
  readonly addresses: readonly string[];
  readonly services: readonly string[];
  readonly ports: readonly number[];
  readonly roles: readonly string[];
  readonly whitelists: readonly string[];
  readonly tags: readonly string[];
  readonly text: string;
}

const SEARCHED_TEXTS = [
  'common_name',
  'comment',
  'contact_address',
  'external_id',
  'instance_id',
  'distinguished_name',
  'organization',
  'organizational_unit',
  'zone',
  'host_type',
  'host_classification',
  'cloud_provider',
  'cloud_provider_region',
];

export function searchedParts(document: HostDocument): SearchedParts {
  const { addresses = [], services = [], principals = [], tags = [] } = document;
  const all = unique([...addresses, ...services.map(service => service.address ?? '')].map(lower));
  const texts = SEARCHED_TEXTS.map(member => document[member]).filter(value => typeof value === 'string');
  const accounts = principals.map(({ principal = '' }) => principal);
  return {
    commonName: lower(document.common_name ?? ''),
    addresses: all.filter(address => address !== ''),
    services: unique(services.map(({ service = '' }) => service.toUpperCase())),
    ports: unique(services.map(({ port = 0 }) => port)),
    roles: unique(principals.flatMap(({ roles = [] }) => roles.map(({ id }) => id))),
    whitelists: unique(whitelistReferences(document).map(({ id }) => id)),
    tags: unique(tags),
    // One part a line: no word reaches from one into the next.
    text: lower([...texts, ...all, ...tags, ...accounts].join('\n')),
  };
}

export const lower = (text: string): string => text.toLowerCase();

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
