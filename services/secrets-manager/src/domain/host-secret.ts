import { invalidField } from '@strongroom/errors/common-errors';
import type { HostDocument, HostService, RotationBlock } from './host.ts';
import { OPERATING_SYSTEMS, type OperatingSystem } from './script-template.ts';

/** How a database is spoken to; the two are ours, PrivX rotates on hosts alone. */
export const DATABASE_PROTOCOLS = ['POSTGRESQL', 'MYSQL'] as const;
const HOST_PROTOCOLS = ['SSH', 'WINRM'] as const;
export const PROTOCOLS = [...HOST_PROTOCOLS, ...DATABASE_PROTOCOLS] as const;
export type Protocol = (typeof PROTOCOLS)[number];
type DatabaseProtocol = (typeof DATABASE_PROTOCOLS)[number];
export const CERTIFICATE_VALIDATION = ['DISABLED', 'ENABLED'] as const;
export type CertificateValidation = (typeof CERTIFICATE_VALIDATION)[number];

/** How passwords on a host are changed (contract 3.3). */
export interface HostSecretSettings {
  readonly accessGroupId: string;
  readonly address: string;
  readonly port: number;
  readonly operatingSystem: OperatingSystem;
  readonly protocol: Protocol;
  /** Of WinRM and of databases, which are always spoken to by TLS. */
  readonly certificateValidationOptions: CertificateValidation;
  /** PEM; empty: the public authorities. */
  readonly trustAnchors: string;
  readonly useMainAccount: boolean;
  /** Who changes the passwords of the others; empty: each account its own. */
  readonly mainAccount: string;
  readonly passwordPolicyId: string;
  /** Null: a database, which has statements of its own for it. */
  readonly scriptTemplateId: string | null;
}

export interface HostSecret extends HostSecretSettings {
  readonly hostId: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** An account whose password is changed, and how the last change went. */
export interface Account {
  readonly hostId: string;
  readonly account: string;
  readonly rotationInitiated: Date | null;
  readonly lastRotated: Date | null;
  readonly lastError: Date | null;
  readonly lastErrorDetails: string;
  readonly createdAt: Date;
  readonly createdBy: string;
}

/** PrivX's: HTTPS, which certificates are checked on. */
const WINRM_PORT = 5986;
const SSH_PORT = 22;
const DATABASE_PORTS: Readonly<Record<DatabaseProtocol, number>> = { POSTGRESQL: 5432, MYSQL: 3306 };
/** As `services[].db.protocol` says it. MariaDB and MySQL are told apart by what the server says of itself. */
const DATABASE_WORDS: Readonly<Record<string, DatabaseProtocol>> = {
  POSTGRES: 'POSTGRESQL',
  POSTGRESQL: 'POSTGRESQL',
  MYSQL: 'MYSQL',
  MARIADB: 'MYSQL',
};

export const isDatabase = (protocol: Protocol): boolean =>
  DATABASE_PROTOCOLS.some(database => database === protocol);

/** Go's SDK sends empty texts and zeros for what is unset. */
const firstGiven = <T extends string | number>(given: T | undefined, otherwise: T): T =>
  given === undefined || given === '' || given === 0 ? otherwise : given;

const missing = (property: string, message: string) =>
  invalidField(property, message, 'REQUIRED_VALUE_MISSING');

/** What a host with rotation enabled says of it. Undefined: it is not enabled. */
export function hostSecretOf(document: HostDocument): HostSecretSettings | undefined {
  if (document.password_rotation_enabled !== true) return undefined;
  const block = document.password_rotation;
  if (block === undefined) {
    throw missing('password_rotation', 'password_rotation is required while rotation is enabled');
  }
  const at = 'password_rotation';
  const place = placeOf(document, block);
  const isScripted = !isDatabase(place.protocol);
  return {
    accessGroupId: block.access_group_id ?? '',
    ...place,
    operatingSystem: oneOf(
      OPERATING_SYSTEMS,
      block.operating_system,
      `${at}.operating_system`,
      // Nothing reads that of a database.
      isScripted ? undefined : 'LINUX',
    ),
    useMainAccount: block.use_main_account === true,
    mainAccount: block.use_main_account === true ? mainAccountOf(document) : '',
    passwordPolicyId: required(block.password_policy_id, `${at}.password_policy_id`),
    scriptTemplateId: isScripted ? required(block.script_template_id, `${at}.script_template_id`) : null,
  };
}

type ChangePlace = Pick<
  HostSecretSettings,
  'protocol' | 'address' | 'port' | 'certificateValidationOptions' | 'trustAnchors'
>;

/** Where the change is made: by WinRM as the block says, else at the service that is meant for it. */
function placeOf({ addresses = [], services = [] }: HostDocument, block: RotationBlock): ChangePlace {
  const at = 'password_rotation';
  const protocol = oneOf(HOST_PROTOCOLS, block.protocol, `${at}.protocol`, 'SSH');
  const addressed = (given: string | undefined): string => {
    const address = firstGiven(given, addresses[0] ?? '');
    if (address !== '') return address;
    throw missing('addresses', 'addresses must have one at which passwords are changed');
  };
  const ofBlock = {
    protocol,
    ...certificates(block.certificate_validation_options, `${at}.certificate_validation_options`, 'DISABLED'),
    trustAnchors: block.winrm_host_certificate_trust_anchors ?? '',
  };
  if (protocol === 'WINRM') {
    const port = firstGiven(block.winrm_port, WINRM_PORT);
    return { ...ofBlock, address: addressed(block.winrm_address), port };
  }
  const index = serviceForChange(services);
  const service = services[index];
  if (service === undefined) {
    throw missing('services', 'services must have one of SSH or DB, by which passwords are changed');
  }
  const address = addressed(service.address);
  if (!isService(service, 'DB')) {
    return { ...ofBlock, address, port: firstGiven(service.port, SSH_PORT) };
  }
  const { db = {} } = service;
  const database = databaseOf(db.protocol, `services.${index}.db.protocol`);
  return {
    protocol: database,
    address,
    port: firstGiven(service.port, DATABASE_PORTS[database]),
    ...certificates(
      db.tls_certificate_validation,
      `services.${index}.db.tls_certificate_validation`,
      'ENABLED',
    ),
    trustAnchors: db.tls_certificate_trust_anchors ?? '',
  };
}

/** The one that is marked, else the first of SSH, else the first database. -1: none. */
function serviceForChange(services: readonly HostService[]): number {
  const find = (...names: readonly string[]) =>
    services.findIndex(service => names.some(name => isService(service, name)));
  const marked = services.findIndex(
    service =>
      service.use_for_password_rotation === true && (isService(service, 'SSH') || isService(service, 'DB')),
  );
  return [marked, find('SSH'), find('DB')].find(index => index !== -1) ?? -1;
}

const isService = ({ service }: HostService, name: string): boolean => service?.toUpperCase() === name;

function databaseOf(given: string | undefined, property: string): DatabaseProtocol {
  const found = DATABASE_WORDS[required(given, property).toUpperCase()];
  if (found !== undefined) return found;
  throw invalidField(
    property,
    `${property} must be postgres, mysql or mariadb, where passwords are changed`,
    'VALUE_INCORRECT_FORMAT',
  );
}

const certificates = (
  given: string | undefined,
  property: string,
  otherwise: CertificateValidation,
): Pick<ChangePlace, 'certificateValidationOptions'> => ({
  certificateValidationOptions: oneOf(CERTIFICATE_VALIDATION, given, property, otherwise),
});

function mainAccountOf({ principals = [] }: HostDocument): string {
  const main = principals.find(candidate => candidate.use_for_password_rotation === true);
  if (main?.principal === undefined || main.principal === '') {
    throw missing('principals', 'principals must have the main account, marked use_for_password_rotation');
  }
  return main.principal;
}

/** The accounts whose passwords are to be changed, each once, with the passphrase that it has now. */
export function rotatedAccounts(
  { principals = [] }: HostDocument,
  passphrases: readonly string[],
): ReadonlyMap<string, string> {
  const accounts = new Map<string, string>();
  principals.forEach(({ principal = '', rotate }, index) => {
    if (rotate !== true) return;
    if (principal === '') {
      throw missing(`principals.${index}.principal`, 'An account whose password is changed must have a name');
    }
    accounts.set(principal, firstGiven(accounts.get(principal), passphrases[index] ?? ''));
  });
  return accounts;
}

/** One of the words, in any case; empty text is not given. */
export function oneOf<T extends string>(
  words: readonly T[],
  given: string | undefined,
  property: string,
  otherwise?: T,
): T {
  if ((given === undefined || given === '') && otherwise !== undefined) return otherwise;
  const found = words.find(word => word === required(given, property).toUpperCase());
  if (found !== undefined) return found;
  throw invalidField(property, `${property} must be one of ${words.join(', ')}`, 'VALUE_INCORRECT_FORMAT');
}

function required(given: string | undefined, property: string): string {
  if (given === undefined || given === '') throw missing(property, `${property} is required`);
  return given;
}
